"""What the trail has of erasures beside the requests for them."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from muniment.schemas.audit import MOST_DOCUMENTS
from muniment.schemas.codec import Envelope, decode
from muniment.stream_apps.erasing import trail

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ERASURE = uuid4()


def entries(documents: list[UUID], action: str = trail.KEYS_DESTROYED) -> list[Envelope]:
    """What is entered of an erasure of these."""
    about = "acme", ERASURE
    made = trail.entries(action, trail.ERASING, about, documents, reason="asked by letter", now=NOW)
    return [decode(record, lambda _: None) for record in made]


@given(st.integers(0, 3 * MOST_DOCUMENTS + 1))
def test_every_document_is_named_once(count: int) -> None:
    """In as many entries as that takes: what an entry does not name is not found by."""
    documents = [UUID(int=number) for number in range(count)]
    found = entries(documents)
    assert [one.document_id for e in found for one in e.event.documents] == documents
    assert all(e.event.document_count == len(e.event.documents) for e in found)
    assert len({e.meta.event_id for e in found}) == len(found) == -(-count // MOST_DOCUMENTS)


def test_twice_is_once() -> None:
    """Whoever takes over enters the same again, under the same ids; another action is another entry."""
    documents = [UUID(int=number) for number in range(MOST_DOCUMENTS + 1)]
    first, again, other = entries(documents), entries(documents), entries(documents, trail.REQUESTED)
    assert [e.meta.event_id for e in first] == [e.meta.event_id for e in again]
    assert not {e.meta.event_id for e in first} & {e.meta.event_id for e in other}


def test_an_entry_says_which_process_it_was_and_of_what() -> None:
    """In the trail of the tenant, and to be found by the erasure."""
    (one,) = entries([UUID(int=1)])
    assert (one.meta.tenant, one.meta.actor, one.meta.correlation_id) == ("acme", "process:erasing", ERASURE)
    assert (one.event.actor, one.event.kind, one.event.entity) == ("process:erasing", "erasure", str(ERASURE))
    assert (one.event.action, one.event.outcome, one.event.reason) == (
        "erasure.destroy_keys",
        "done",
        "asked by letter",
    )
