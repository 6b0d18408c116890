"""The fold of a document."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from muniment.projections.documents.evolve import LADDER, evolve, fail
from muniment.projections.documents.state import Document, Failure, Head
from muniment.schemas.documents import (
    DocumentChunked,
    DocumentDeleted,
    DocumentExtracted,
    DocumentIndexed,
    DocumentRefused,
    DocumentSubmitted,
    JobCancelled,
)
from muniment.schemas.event import Event
from muniment.schemas.personal import REDACTED

ID = UUID(int=1)
START = datetime(2026, 1, 1, tzinfo=UTC)
BLANK = Document(Head("acme", ID))


def job(version: int) -> UUID:
    """The job of a version."""
    return UUID(int=100 + version)


def submitted(version: int, title: str | None = "Title") -> Event:
    """A version was submitted."""
    return DocumentSubmitted(
        document_id=ID, version=version, job_id=job(version), file_name="a.txt", title=title, metadata={"a": "b"},
        blob="sha256:x", size_bytes=3, source="api", lane="bulk",
    )  # fmt: skip


def extracted(version: int, title: str | None = None) -> Event:
    """A version was extracted."""
    return DocumentExtracted(
        document_id=ID, version=version, job_id=job(version), media_type="text/plain", title=title,
        text_blob="sha256:y", characters=9, pages=None, findings={"email": 2},
    )  # fmt: skip


def chunked(version: int) -> Event:
    """A version was chunked."""
    return DocumentChunked(document_id=ID, version=version, job_id=job(version), chunks=4, batches=1, tokens=7)


def indexed(version: int) -> Event:
    """A version was indexed."""
    return DocumentIndexed(
        document_id=ID, version=version, job_id=job(version), chunks=4, batches=1, model="m", tokens=8, cost_micros=2,
        embedded=4, reused=0,
    )  # fmt: skip


def refused(version: int) -> Event:
    """A version was refused."""
    return DocumentRefused(document_id=ID, version=version, job_id=job(version), code="no_text", reason="empty")


def cancelled(version: int) -> Event:
    """The job of a version was cancelled."""
    return JobCancelled(document_id=ID, version=version, job_id=job(version), reason="not wanted")


def deleted(version: int) -> Event:
    """Everything up to a version was deleted."""
    return DocumentDeleted(document_id=ID, version=version, job_id=UUID(int=9), jobs=(), reason="why")


def folded(events: list[Event], document: Document = BLANK) -> Document:
    """The document after these, a second apart."""
    for second, event in enumerate(events):
        document = evolve(document, event, START + timedelta(seconds=second))
    return document


def test_a_new_version_replaces_the_old_when_indexed() -> None:
    """Until the new version is indexed the old one is active and describes the document; then it is superseded."""
    one = folded([submitted(1), extracted(1), chunked(1), indexed(1)])
    two = folded([submitted(2, "New"), extracted(2)], one)
    assert (two.head.status, two.head.active_version, two.head.latest_version, two.head.title) == (
        "indexed", 1, 2, "Title",
    )  # fmt: skip
    three = folded([indexed(2)], two)
    assert (three.head.active_version, three.head.title) == (2, "New")
    assert {n: v.status for n, v in three.versions.items()} == {1: "superseded", 2: "indexed"}


def test_a_refused_version_leaves_the_old_one() -> None:
    """The document stays indexed; a first version that is refused leaves a refused document."""
    assert folded([submitted(1), indexed(1), submitted(2), refused(2)]).head.status == "indexed"
    alone = folded([submitted(1), refused(1)])
    assert (alone.head.status, alone.versions[1].code) == ("refused", "no_text")


def test_a_deletion_empties_and_wins() -> None:
    """Deleted versions lose what is personal, and nothing said late of them comes back."""
    gone = folded([submitted(1), extracted(1), indexed(1), deleted(1)])
    assert (gone.head.status, gone.head.active_version, gone.head.title, gone.head.metadata) == (
        "deleted", None, None, {},
    )  # fmt: skip
    assert folded([submitted(1), extracted(1), indexed(1)], gone) == gone
    again = folded([submitted(2), indexed(2)], gone)
    assert (again.head.status, again.head.active_version) == ("indexed", 2)


def test_a_cancelled_version_leaves_the_old_one() -> None:
    """Wherever it was; a first version that is cancelled leaves a cancelled document, which says why."""
    way = [submitted(2), extracted(2), chunked(2)]
    for steps in range(1, 4):
        two = folded([submitted(1), indexed(1), *way[:steps], cancelled(2), *way[steps:], refused(2)])
        assert (two.head.status, two.head.active_version, two.versions[2].status) == ("indexed", 1, "cancelled")
    alone = folded([submitted(1), cancelled(1)])
    assert (alone.head.status, alone.versions[1].code, alone.versions[1].reason) == (
        "cancelled", "job_cancelled", "not wanted",
    )  # fmt: skip


def test_what_the_log_says_first_counts() -> None:
    """Of a version that was both indexed and cancelled; again and again."""
    first = folded([submitted(1), indexed(1)])
    assert folded([cancelled(1), indexed(1), cancelled(1)], first) == first
    other = folded([submitted(1), cancelled(1)])
    assert folded([indexed(1), cancelled(1), indexed(1)], other) == other


def test_a_cancelled_job_without_a_version_is_no_matter_of_the_document() -> None:
    """Its address was being fetched, or its command waited."""
    assert folded([cancelled(0)]) == BLANK


def test_a_dead_letter_does_not_undo_a_cancellation() -> None:
    """Whichever topic is read first."""
    late = fail(folded([submitted(1), cancelled(1)]), failure(1))
    early = folded([submitted(1), cancelled(1)], fail(BLANK, failure(1)))
    assert late.versions == early.versions
    assert late.head.status == early.head.status == "cancelled"


def test_titles_of_the_submitter_come_first() -> None:
    """The title found in the document is used where the submitter gave none."""
    assert folded([submitted(1, None), extracted(1, "Found")]).head.title == "Found"
    assert folded([submitted(1, "Given"), extracted(1, "Found")]).head.title == "Given"


def test_a_redacted_field_shows_the_mark() -> None:
    """A destroyed key leaves marks, not a crash."""
    event = DocumentSubmitted(
        document_id=ID, version=1, job_id=job(1), file_name=REDACTED, title=REDACTED, metadata=REDACTED, blob="x",
        size_bytes=1, source="api", lane="bulk",
    )  # fmt: skip
    head = folded([event]).head
    assert (head.title, head.file_name, head.metadata) == ("[redacted]", "[redacted]", {})


def failure(version: int, second: int = 50) -> Failure:
    """The job of a version ended as a dead letter."""
    return Failure("acme", ID, job(version), "unexpected", "x", START + timedelta(seconds=second))


def test_a_dead_letter_may_come_before_its_version() -> None:
    """The dead-letter topic may be ahead of the facts: the version is failed either way, unless it was indexed."""
    late = fail(folded([submitted(1)]), failure(1))
    early = folded([submitted(1)], fail(BLANK, failure(1)))
    assert late == early
    assert late.head.status == "failed"
    assert fail(folded([submitted(1), indexed(1)]), failure(1)).head.status == "indexed"
    assert folded([indexed(1)], late).head.status == "indexed"


versions = st.integers(1, 3)
told = st.one_of(
    *(st.builds(f, versions) for f in (submitted, extracted, chunked, indexed, refused, cancelled, deleted))
)


@given(st.lists(told, max_size=12), st.data())
def test_a_repeat_changes_nothing(events: list[Event], data: st.DataObject) -> None:
    """Folding any earlier part of a document's way again, with its own times, ends in the same document."""
    timed = [(event, START + timedelta(seconds=i)) for i, event in enumerate(events)]
    document = BLANK
    for event, at in timed:
        document = evolve(document, event, at)
    upto = data.draw(st.integers(0, len(timed)))
    again = document
    for event, at in timed[:upto]:
        if not isinstance(event, DocumentSubmitted | DocumentExtracted | DocumentChunked):
            again = evolve(again, event, at)
    assert {n: v.status for n, v in again.versions.items()} == {n: v.status for n, v in document.versions.items()}
    assert (again.head.status, again.head.active_version) == (document.head.status, document.head.active_version)


def test_a_repeat_has_no_time_of_its_own() -> None:
    """A step that ran twice says the same under a later time: no reader sees that it did."""
    way = [submitted(1), extracted(1), chunked(1), indexed(1), submitted(2), extracted(2), chunked(2), indexed(2)]
    document = folded(way)
    for event in way:
        assert evolve(document, event, START + timedelta(days=1)) == document, type(event).__name__


@given(st.lists(told, max_size=12))
def test_the_head_agrees_with_the_versions(events: list[Event]) -> None:
    """The active version is the highest indexed one beyond any deletion, and statuses only move up."""
    document = BLANK
    for second, event in enumerate(events):
        before, document = document, evolve(document, event, START + timedelta(seconds=second))
        for number, version in before.versions.items():
            assert LADDER.index(document.versions[number].status) >= LADDER.index(version.status)
        live = [n for n, v in document.versions.items() if v.status == "indexed"]
        assert live == ([document.head.active_version] if document.head.active_version else [])
        assert all(n > document.head.deleted_up_to for n in live)
