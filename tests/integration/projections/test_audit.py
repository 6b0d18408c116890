"""What auditors are told of the house."""

from uuid import uuid4

import pytest
from projected_story import Log, ReadModel

from muniment.projections.audit.entry import Entry
from muniment.projections.audit.queries import AuditFilter, entries
from muniment.schemas.audit import HOUSE, ActionAudited, AuditedTopicRestored, DocumentTouched

DOCUMENT = uuid4()
KEY = "3kd0s9f1l2ab"


def action(kind: str, entity: str, **about: object) -> ActionAudited:
    given: dict[str, object] = {
        "action": f"{kind}.done", "actor": "cli:ann", "kind": kind, "entity": entity, "outcome": "done",
        "status": None, "reason": "asked for by Ms Kim", "network": "", "address_mark": "", "agent": "muniment",
        "query_mark": "", "documents": (DocumentTouched(DOCUMENT, 1, ()),), "document_count": 1, "left_out": 0,
    }  # fmt: skip
    return ActionAudited(**{**given, **about})  # type: ignore[arg-type]


async def told(model: ReadModel, tenant: str, wanted: AuditFilter) -> dict[str, Entry]:
    page = await entries(model.pool, [tenant, HOUSE], wanted)
    return {entry.kind: entry for entry in page.rows}


@pytest.fixture
async def house(read_model: ReadModel, log: Log) -> ReadModel:
    """The house exported a document of somebody, revoked a key, turned its signing key; a tenant read a document."""
    for event in (action("document", str(DOCUMENT)), action("key", KEY), action("signing_key", "sig-1")):
        await log.say(event, uuid4(), HOUSE)
    accepted = AuditedTopicRestored(topic="t", partition=0, setting="log.start", accepted=True, reason="Ms Kim's disk")
    await log.say(accepted, uuid4(), HOUSE)
    await log.say(action("search", "mine", reason="own"), uuid4(), "acme")
    await read_model.catch_up()
    return read_model


async def test_an_auditor_is_not_told_what_the_house_did_for_others(house: ReadModel) -> None:
    """Who, what and when, and names that are the house's own; no free text, no document, no name of anybody's."""
    found = await told(house, "acme", AuditFilter())
    assert {kind: entry.entity for kind, entry in found.items()} == {
        "document": "", "key": "", "signing_key": "sig-1", "topic": "t", "search": "mine",
    }  # fmt: skip
    assert {entry.reason for kind, entry in found.items() if kind != "search"} == {""}
    assert [entry.document_ids for kind, entry in found.items() if kind != "search"] == [[]] * 4
    assert found["document"].action == "document.done"
    assert (found["search"].reason, found["search"].document_ids) == ("own", [DOCUMENT])


@pytest.mark.parametrize("guess", [AuditFilter(entity=KEY), AuditFilter(entity=str(DOCUMENT))])
async def test_a_guess_finds_nothing_of_what_is_not_told(house: ReadModel, guess: AuditFilter) -> None:
    """A filter on what is left out would say it after all."""
    assert await told(house, "acme", guess) == {}
    assert set(await told(house, "acme", AuditFilter(document_id=DOCUMENT))) == {"search"}
    assert set(await told(house, "acme", AuditFilter(entity="sig-1"))) == {"signing_key"}


async def test_who_runs_the_house_is_told_all_of_it(house: ReadModel) -> None:
    """The record would be of no use if nobody could read it."""
    found = await told(house, "acme", AuditFilter(whole=True))
    assert (found["key"].entity, found["key"].reason) == (KEY, "asked for by Ms Kim")
    assert found["document"].document_ids == [DOCUMENT]
    assert set(await told(house, "acme", AuditFilter(document_id=DOCUMENT, whole=True))) >= {"search", "document"}
