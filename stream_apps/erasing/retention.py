"""Retention: documents whose time is over are erased like those that somebody asks to have erased.

The age of a document is that of its newest version, one that was accepted and is not decided yet included. An erasure
of retention names its documents, says which rule it follows, and needs no second person: the rule was agreed on.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import asyncpg

from muniment.producers.postgres import database
from muniment.producers.publisher import Publisher
from muniment.schemas.codec import encode
from muniment.schemas.erasures import RequestErasure
from muniment.schemas.ids import NAMESPACE
from muniment.schemas.metadata import Metadata, whole_millis
from muniment.stream_apps.erasing import trail
from muniment.stream_apps.erasing.decider import RETENTION
from muniment.stream_apps.retrying.confirmed import send_confirmed

AT_ONCE = 1000
"""Documents in one erasure."""
ACTOR = "muniment.retention"
# The key of a deleted document lives, and opens what the log has of it, until it is erased.
_DUE = """
select document_id from read.documents d
where tenant = $1 and updated_at < $2
    and (status <> 'deleted' or exists (
        select from muniment_keys.data_keys k
        where k.tenant = d.tenant and k.document_id = d.document_id and k.destroyed_at is null
    ))
    -- A version that is under way, or whole before the documents' read model has come to it.
    and not exists (
        select from read.jobs j where j.tenant = d.tenant and j.document_id = d.document_id and j.kind = 'submit'
        and j.created_at >= $2 and (j."end" is null or j.version > d.latest_version)
    )
    -- One that was accepted while the log was away, of which no read model knows.
    and not exists (
        select from muniment_access.outbox o where o.key = convert_to(d.document_id::text, 'UTF8')
        and exists (select from jsonb_array_elements(o.headers) h where h ->> 0 = 'tenant' and h ->> 1 = d.tenant)
        and not exists (select from read.jobs j where j.job_id = o.command_id)
    )"""
_OLD = f"""{_DUE}
    and not exists (
        select from muniment_erasing.erasures e where e.tenant = d.tenant and e.state = 'confirmed'
        and d.document_id = any(e.document_ids)
    )
order by updated_at, document_id limit $3"""
_STILL = f"{_DUE} and document_id = any($3) order by document_id"
_TENANTS = "select distinct tenant from read.documents"
_REASON = "retention: unchanged for {} days"
_DAYS = re.compile(_REASON.format(r"(\d+)"))
_RULE = re.compile(r"^(?P<tenant>[^=\s]+)=(?P<days>\d+|never)$")


@dataclass(frozen=True, slots=True)
class Rules:
    """After how many days documents are erased; `None` is never. A tenant's own rule goes before the one for all."""

    days: int | None = None
    tenants: Mapping[str, int | None] = field(default_factory=dict)

    def of(self, tenant: str) -> int | None:
        """The days of a tenant."""
        return self.tenants.get(tenant, self.days)


def rules(days: int | None, tenants: str) -> Rules:
    """The rules of the settings: `tenants` is `tenant=days` or `tenant=never`, separated by blanks.

    Raises:
        ValueError: for a rule that is none; says which.

    """
    own: dict[str, int | None] = {}
    for word in tenants.split():
        match = _RULE.match(word)
        if match is None or match["days"] == "0":
            raise ValueError(f"{word} is no rule: write tenant=days, or tenant=never")
        own[match["tenant"]] = None if match["days"] == "never" else int(match["days"])
    return Rules(days, own)


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be erased of a tenant."""

    tenant: str
    days: int
    documents: Sequence[UUID]


class Retention:
    """Looks for what is too old, and asks for its erasure."""

    def __init__(self, pool: Any, publisher: Publisher, wanted: Rules, now: Callable[[], datetime]) -> None:
        self._pool = pool
        self._publisher = publisher
        self._rules = wanted
        self._now = now

    async def due(self) -> list[Due]:
        """What is too old now, at most `AT_ONCE` documents a tenant: what a dry run shows."""
        found = []
        async with database():
            try:
                tenants = sorted(row["tenant"] for row in await self._pool.fetch(_TENANTS))
            except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
                return []  # the projections have not made the read model yet
            for tenant in tenants:
                days = self._rules.of(tenant)
                if days is None:
                    continue
                before = self._now() - timedelta(days=days)
                rows = await self._pool.fetch(_OLD, tenant, before, AT_ONCE)
                if rows:
                    found.append(Due(tenant, days, tuple(row["document_id"] for row in rows)))
        return found

    async def still_due(
        self, tenant: str, documents: Sequence[UUID], reason: str, asked_at: datetime
    ) -> tuple[UUID, ...]:
        """Those of the documents that nothing came for since, by the rule that the erasure gives as its reason.

        Raises:
            StepFailure: `database_unavailable`.

        """
        named = _DAYS.fullmatch(reason)
        days = int(named[1]) if named else self._rules.of(tenant)
        if days is None:
            return ()  # by a rule that is none any more
        async with database():
            rows = await self._pool.fetch(_STILL, tenant, asked_at - timedelta(days=days), list(documents))
        return tuple(row["document_id"] for row in rows)

    async def run(self) -> list[Due]:
        """Ask for the erasure of what is due; twice at the same time is once."""
        found = await self.due()
        for due in found:
            await self._ask(due)
        return found

    async def _ask(self, due: Due) -> None:
        # The same documents on the same day make the same erasure: two who look at once ask for one.
        named = "/".join(sorted(map(str, due.documents)))
        erasure_id = uuid5(NAMESPACE, f"retention/{due.tenant}/{self._now().date()}/{named}")
        reason = _REASON.format(due.days)
        command = RequestErasure(
            erasure_id=erasure_id,
            subject=None,
            document_ids=tuple(due.documents),
            reason=reason,
            origin=RETENTION,
            confirmations=0,
        )
        meta = Metadata(
            event_id=erasure_id,
            tenant=due.tenant,
            correlation_id=erasure_id,
            causation_id=erasure_id,
            time=whole_millis(self._now()),
            source=ACTOR,
            actor=ACTOR,
        )
        # First the trail: once the command is decided these documents are not due any more, and no later look, after
        # a kill in between, would enter them.
        about = due.tenant, erasure_id
        for entry in trail.entries(
            trail.REQUESTED, trail.RETENTION, about, due.documents, reason=reason, now=meta.time
        ):
            await send_confirmed(self._publisher, entry)
        await send_confirmed(self._publisher, encode(command, meta, None))
