"""Up to when a document was erased, whatever the clocks of those say who said so."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from muniment.projections.documents.projection import _ordered
from muniment.projections.documents.state import Document, Head
from muniment.schemas.codec import Envelope
from muniment.schemas.documents import DocumentErased, DocumentSubmitted
from muniment.schemas.event import Event
from muniment.schemas.metadata import Metadata
from muniment.schemas.record import Record
from muniment.schemas.topics import DOCUMENTS

ID = UUID(int=1)
START = datetime(2026, 1, 1, tzinfo=UTC)


def submitted(version: int) -> Event:
    return DocumentSubmitted(
        document_id=ID, version=version, job_id=uuid4(), file_name="a", title=None, metadata={}, blob="b",
        size_bytes=1, source="api", lane="bulk",
    )  # fmt: skip


def erased(version: int) -> Event:
    return DocumentErased(document_id=ID, version=version, erasure_id=uuid4(), jobs=())


def told(*said: tuple[Event, int]) -> list[Envelope]:
    """Facts in the order of their partition, each with what its own clock said (seconds)."""
    out = []
    for offset, (event, second) in enumerate(said):
        meta = Metadata(uuid4(), "acme", uuid4(), uuid4(), START + timedelta(seconds=second), "test", actor="test")
        out.append(Envelope(event, meta, Record(DOCUMENTS.name, b"", b"", (), 0, offset)))
    return out


def erased_after(*batches: list[Envelope]) -> float | None:
    """The second at which the document counts as erased, after batches of facts."""
    document = Document(Head("acme", ID))
    for batch in batches:
        document, changes = _ordered(document, batch)
        for _, change in changes:
            document = change(document)
    at = document.head.erased_at
    return (at - START).total_seconds() if at else None


FIRST_LIFE = [(submitted(1), 90), (erased(1), 100)]
SECOND_LIFE = [(submitted(2), 101), (erased(2), 99)]


def test_a_second_erasure_counts_by_its_place_and_not_by_its_clock() -> None:
    """A decider whose clock is slow erases the second life, too: its names would stay in the past otherwise."""
    facts = told(*FIRST_LIFE, *SECOND_LIFE)
    assert erased_after(facts) == 101
    assert erased_after(facts[:2], facts[2:]) == 101
    assert erased_after(*([one] for one in facts)) == 101


def test_an_erasure_that_is_told_again_does_not_reach_into_the_next_life() -> None:
    """A record may lie on the log twice: what was said since the first stays."""
    facts = told(*FIRST_LIFE, (submitted(2), 101), (erased(1), 100))
    assert erased_after(facts) == 100
    assert erased_after(*([one] for one in facts)) == 100
