"""What is too old is asked to be erased: by its rule, once, and on the record."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from support.publisher import MemoryPublisher

from muniment.schemas.audit import ActionAudited
from muniment.schemas.codec import decode
from muniment.schemas.erasures import RequestErasure
from muniment.stream_apps.erasing.retention import Retention, Rules, rules

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ERASURE = """
insert into muniment_erasing.erasures
    (erasure_id, tenant, state, document_ids, reason, origin, confirmations, requested_by, requested_at)
values ($1, 'acme', $3, $2, 'r', 'request', 1, 'key:1', now())"""


@pytest.fixture
async def pool(read_models: str, database_url: str) -> AsyncIterator["asyncpg.Pool[Any]"]:
    """A fresh database with empty read models."""
    async with asyncpg.create_pool(database_url, min_size=1, max_size=2) as made:
        yield made


async def document(pool: Any, tenant: str, age_days: float, status: str = "indexed") -> UUID:
    """A document that was last changed so long ago."""
    schema = await pool.fetchval("select schema from read.live where projection = 'documents'")
    document_id = uuid4()
    await pool.execute(
        f"insert into {schema}.documents (tenant, document_id, status, latest_version, deleted_up_to, updated_at)"
        " values ($1, $2, $3, 1, 0, $4)",
        tenant,
        document_id,
        status,
        NOW - timedelta(days=age_days),
    )
    return document_id


async def test_only_what_is_too_old_by_its_tenants_rule(pool: Any) -> None:
    """One tenant by the rule for all, one by its own, one never; what is deleted without a key is left alone."""
    old = await document(pool, "acme", 31)
    await document(pool, "acme", 29)
    await document(pool, "acme", 99, "deleted")
    short = await document(pool, "brief", 8)
    await document(pool, "museum", 9999)
    log = MemoryPublisher()
    retention = Retention(pool, log, Rules(30, {"brief": 7, "museum": None}), lambda: NOW)
    found = await retention.due()
    assert log.sent == [], "a dry run asks for nothing"
    assert [(due.tenant, due.days, list(due.documents)) for due in found] == [
        ("acme", 30, [old]),
        ("brief", 7, [short]),
    ]
    await retention.run()
    await retention.run()
    said = [decode(record, lambda _: None) for record in log.sent]
    asked = [one for one in said if isinstance(one.event, RequestErasure)]
    assert [(one.meta.tenant, one.event.document_ids, one.event.origin) for one in asked[:2]] == [
        ("acme", (old,), "retention"),
        ("brief", (short,), "retention"),
    ]
    assert {one.meta.event_id for one in asked[2:]} == {one.meta.event_id for one in asked[:2]}, "twice is once"
    assert "30 days" in asked[0].event.reason
    entered = {one.meta.event_id: one for one in said if isinstance(one.event, ActionAudited)}
    assert [
        (one.meta.tenant, one.event.actor, one.event.action, one.event.entity, one.event.documents[0].document_id)
        for one in entered.values()
    ] == [
        ("acme", "process:retention", "erasure.request", str(asked[0].meta.event_id), old),
        ("brief", "process:retention", "erasure.request", str(asked[1].meta.event_id), short),
    ]


async def test_what_was_deleted_goes_with_its_key(pool: Any) -> None:
    """The log has a deleted document still: as long as its key lives its time can be over, too."""
    deleted = await document(pool, "acme", 31, "deleted")
    await document(pool, "acme", 31, "deleted")
    await pool.execute(
        "insert into muniment_keys.data_keys (key_id, tenant, document_id, wrapped, kek_id, created_at)"
        " values ($1, 'acme', $2, $3, 'k', now())",
        uuid4(),
        deleted,
        b"wrapped",
    )
    retention = Retention(pool, MemoryPublisher(), Rules(30), lambda: NOW)
    assert [due.documents for due in await retention.due()] == [(deleted,)]
    await pool.execute("update muniment_keys.data_keys set wrapped = null, destroyed_at = now()")
    assert await retention.due() == []


@pytest.mark.parametrize(("state", "due"), [("requested", 1), ("confirmed", 0), ("completed", 1)])
async def test_only_an_erasure_under_way_holds_it_back(pool: Any, state: str, due: int) -> None:
    """One that nobody has confirmed may never be: it is no reason to keep a document."""
    old = await document(pool, "acme", 31)
    await pool.execute(ERASURE, uuid4(), [old], state)
    assert len(await Retention(pool, MemoryPublisher(), Rules(30), lambda: NOW).due()) == due


async def test_a_document_with_a_newer_version_on_its_way_is_not_too_old(pool: Any) -> None:
    """Accepted and not decided, or decided and not folded yet; an old job that never ended keeps nothing."""
    fresh, decided, stuck = [await document(pool, "acme", 31) for _ in range(3)]
    schema = await pool.fetchval("select schema from read.live where projection = 'jobs'")
    for one, days, version, end in ((fresh, 1, None, None), (decided, 1, 2, "succeeded"), (stuck, 31, None, None)):
        await pool.execute(
            f"""insert into {schema}.jobs (job_id, tenant, document_id, kind, created_at, version, "end")"""
            " values ($1, 'acme', $2, 'submit', $3, $4, $5)",
            uuid4(),
            one,
            NOW - timedelta(days=days),
            version,
            end,
        )
    assert [due.documents for due in await Retention(pool, MemoryPublisher(), Rules(30), lambda: NOW).due()] == [
        (stuck,)
    ]


async def test_without_a_rule_nothing_is_too_old(pool: Any) -> None:
    """Whoever says nothing keeps everything."""
    await document(pool, "acme", 99999)
    assert await Retention(pool, MemoryPublisher(), Rules(), lambda: NOW).due() == []


def test_rules_are_read_from_the_settings() -> None:
    """A tenant's own rule goes before the one for all; what is no rule is named."""
    wanted = rules(180, "brief=7 museum=never")
    assert (wanted.of("acme"), wanted.of("brief"), wanted.of("museum")) == (180, 7, None)
    for wrong in ("brief", "brief=0", "brief=soon", "=7"):
        with pytest.raises(ValueError, match=wrong):
            rules(180, wrong)
