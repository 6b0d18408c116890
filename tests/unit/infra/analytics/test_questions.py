"""The five questions, asked of records whose answers are known; an export will do for a landing."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from support.exporting import NOW, FakeLog, everything, exported, laid
from support.project_story import told

from muniment.infra.analytics.questions import ask
from muniment.schemas import example
from muniment.schemas.codec import encode
from muniment.schemas.documents import DocumentDeleted, DocumentExtracted, DocumentUnchanged
from muniment.schemas.embedding_models import ChunksReembedded
from muniment.schemas.embeddings import ChunksEmbedded
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.event import Event
from muniment.schemas.projects import ProjectDocumentsChanged
from muniment.schemas.record import Position, Record
from muniment.schemas.retry_headers import RetryState
from muniment.schemas.script_costs import DraftCharged
from muniment.schemas.scripts import DraftWritten

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ONE, TWO = UUID(int=101), UUID(int=102)
DRAFT = {name: UUID(int=7) for name in ("episode_id", "draft_id", "job_id")}
FACTS = {"version": 1, "job_id": UUID(int=1)}


def record(
    event: Event, *, at: datetime = NOON, tenant: str = "acme", step: str = "x", cause: UUID | None = None
) -> Record:
    """The record of an event, said by a step, caused by another event."""
    meta = replace(example.metadata("any"), event_id=uuid4(), tenant=tenant, time=at, source=f"muniment.{step}")
    meta = replace(meta, causation_id=cause or meta.event_id)
    return encode(event, meta, example.KEY, example.nonce)


def id_of(one: Record) -> UUID:
    """The event's id."""
    return UUID(one.header("ce_id") or "")


def extracted(document: UUID, media_type: str, version: int = 1) -> DocumentExtracted:
    """A text of a type."""
    return DocumentExtracted(
        document_id=document,
        version=version,
        job_id=UUID(int=1),
        media_type=media_type,
        title=None,
        text_blob="t",
        characters=1,
        pages=None,
        findings={},
    )


def embedded(
    cost: int,
    tokens: int,
    document: UUID | None = None,
    *,
    kind: type[ChunksEmbedded] | type[ChunksReembedded] = ChunksEmbedded,
) -> ChunksEmbedded | ChunksReembedded:
    """A batch at a price."""
    return kind(
        document_id=document or uuid4(),
        **FACTS,
        batch=0,
        first_ordinal=0,
        content_hashes=(b"h",),
        model="m",
        dimensions=2,
        vectors=b"1234",
        tokens=tokens,
        cost_micros=cost,
        embedded=1,
        reused=0,
    )


def put(project: UUID, *documents: UUID, out: tuple[UUID, ...] = ()) -> ProjectDocumentsChanged:
    """Documents go into a project, or out of it."""
    return ProjectDocumentsChanged(project_id=project, revision=2, added=documents, removed=out)


def waiting(code: ErrorCode, step: str, attempt: int) -> Record:
    """A record on a retry tier."""
    state = RetryState(step, attempt, 0, 0, 0, Position("muniment.documents", 0, 0), code, "an error")
    about = record(DocumentUnchanged(document_id=uuid4(), **FACTS))
    return about.with_headers(state.to_headers()).to("muniment.retry.1s")


async def answers(tmp_path: Path, *records: Record, again: bool = False) -> dict[str, list[dict[str, object]]]:
    """The answers to all questions about these records; `again`: each lies on the log twice."""
    by_topic: dict[str, list[Record]] = {}
    for one in records:
        by_topic.setdefault(one.topic, []).extend([one, one] if again else [one])
    log = FakeLog({(topic, 0): laid(found) for topic, found in by_topic.items()})
    if by_topic:
        await exported(log, tmp_path / "x", "parquet", everything(*by_topic))
        (tmp_path / "x" / "manifest.json").unlink()
    return ask(tmp_path / "x")


async def test_nothing_gives_no_answers(tmp_path: Path) -> None:
    """Before anything was landed every question is answered, with nothing."""
    found = await answers(tmp_path)
    assert len(found) == 5
    assert list(found.values()) == [[]] * 5


@pytest.mark.parametrize("again", [False, True])
async def test_cost_is_by_project_and_day(tmp_path: Path, again: bool) -> None:
    """Embedding and language model, summed by project and day in UTC; a fact that lies on the log twice is paid once.

    What came of a call of a model makes no difference to what it cost.
    """
    ants = uuid4()
    late, next_day = NOON + timedelta(hours=11, minutes=59), NOON + timedelta(hours=12)
    records = (
        record(embedded(20, 100, ants)),
        record(put(ONE, ants)),
        record(embedded(22, 110, ants), at=late),
        record(told(DraftWritten, project_id=ONE, **DRAFT, tokens_in=30, tokens_out=9, cost_micros=50), at=late),
        record(told(DraftCharged, project_id=ONE, **DRAFT, tokens_in=5, tokens_out=1, cost_micros=7), at=next_day),
        record(told(DraftCharged, project_id=TWO, **DRAFT, tokens_in=5, tokens_out=1, cost_micros=8), at=next_day),
        record(embedded(5, 10)),
        record(embedded(100, 1000, ants, kind=ChunksReembedded), at=next_day),
        record(embedded(7, 10, ants), tenant="other"),
    )
    found = await answers(tmp_path, *records, again=again)
    assert [tuple(row.values()) for row in found["cost_per_project_and_day"]] == [
        ("acme", str(ONE), date(2026, 11, 22), 42, 50, 92, 249),
        ("acme", str(ONE), date(2026, 11, 23), 100, 7, 107, 1006),
        ("acme", str(TWO), date(2026, 11, 23), 0, 8, 8, 6),
        ("acme", None, date(2026, 11, 22), 5, 0, 5, 10),
        ("other", None, date(2026, 11, 22), 7, 0, 7, 10),
    ]
    assert tuple(found["cost_per_project_and_day"][0]) == (
        *("tenant", "project", "day", "embedding_micros", "writing_micros", "cost_micros", "tokens"),
    )


async def test_a_document_of_several_projects_is_paid_for_in_equal_parts(tmp_path: Path) -> None:
    """Also by one that has it no more, or got it twice; nothing is lost or counted twice."""
    ants, bees = uuid4(), uuid4()
    records = (
        record(put(ONE, ants, bees)),
        record(put(TWO, ants)),
        record(put(TWO, out=(ants,))),
        record(put(TWO, ants)),
        record(embedded(21, 100, ants)),
        record(embedded(4, 10, bees)),
    )
    found = (await answers(tmp_path, *records))["cost_per_project_and_day"]
    assert [(row["project"], row["embedding_micros"], row["tokens"]) for row in found] == [
        (str(ONE), 14.5, 60),
        (str(TWO), 10.5, 50),
    ]


async def test_the_slowest_step_is_first(tmp_path: Path) -> None:
    """A step takes from the event that it worked on to the one that it said."""
    first = record(extracted(uuid4(), "text/plain"), step="extracting")
    slow = record(embedded(1, 1), at=NOON + timedelta(seconds=4.5), step="embedding", cause=id_of(first))
    quick = record(extracted(uuid4(), "x"), at=NOON + timedelta(seconds=0.25), step="extracting", cause=id_of(first))
    found = (await answers(tmp_path, first, slow, quick))["slowest_step"]
    assert found == [
        {"step": "embedding", "times": 1, "median_s": 4.5, "worst_s": 4.5},
        {"step": "extracting", "times": 1, "median_s": 0.25, "worst_s": 0.25},
    ]


async def test_causes_of_retries_are_counted(tmp_path: Path) -> None:
    """By step and code, however often the same record waited; its copies there are no facts of their own."""
    one = waiting(ErrorCode.PROVIDER_TIMEOUT, "embedding", 1)
    records = (one, one, waiting(ErrorCode.STEP_TIMEOUT, "chunking", 1))
    found = await answers(tmp_path, *records)
    assert found["retry_causes"] == [
        {"step": "embedding", "cause": "provider_timeout", "waits": 2, "records": 1},
        {"step": "chunking", "cause": "step_timeout", "waits": 1, "records": 1},
    ]
    assert found["slowest_step"] == []


def letter(about: Record, fingerprint: str, step: str = "embedding", *, origin: int = 0, **headers: str) -> Record:
    """A record on the dead-letter topic."""
    place = Position(about.topic, 0, origin)
    state = RetryState(step, 1, 0, 0, 0, place, ErrorCode.PROVIDER_REJECTED, "an error", fingerprint)
    return about.with_headers(state.to_headers() | headers).to("muniment.dlq")


def unchanged() -> Record:
    """A record about a document."""
    return record(DocumentUnchanged(document_id=uuid4(), **FACTS))


async def test_dead_letters_are_grouped(tmp_path: Path) -> None:
    """Alike ones together, the most frequent first, with when the first of them was buried."""
    letters = [letter(unchanged(), name, origin=i) for i, name in enumerate(("aa", "bb", "bb"))]
    found = (await answers(tmp_path, *letters))["dead_letters_by_fingerprint"]
    buried = NOW.replace(tzinfo=None)
    assert found == [
        {
            "fingerprint": "bb",
            "step": "embedding",
            "code": "provider_rejected",
            "letters": 2,
            "first_seen": buried + timedelta(seconds=1),
        },
        {
            "fingerprint": "aa",
            "step": "embedding",
            "code": "provider_rejected",
            "letters": 1,
            "first_seen": buried,
        },
    ]


async def test_dead_letters_are_counted_whatever_they_are_about(tmp_path: Path) -> None:
    """Also one of a step beside the work on documents, of a project, and one of which nothing can be read."""
    foreign = Record("muniment.documents", b"\xff no id", b"no event", (("tenant", b"acme"),))
    found = await answers(
        tmp_path,
        letter(unchanged(), "aa", "reembedding", step_branch="model"),
        letter(record(put(ONE)), "bb", "deciding-projects"),
        letter(foreign, "cc", "extracting"),
        foreign.to("muniment.dlq"),
    )
    told = [(one["fingerprint"], one["step"], one["letters"]) for one in found["dead_letters_by_fingerprint"]]
    assert told == [
        ("aa", "reembedding", 1),
        ("bb", "deciding-projects", 1),
        ("cc", "extracting", 1),
        ("unknown.unknown", "unknown", 1),
    ]


async def test_a_dead_letter_that_was_sent_twice_counts_once(tmp_path: Path) -> None:
    """A step's repeat after a crash is no second letter; one that failed again after a redrive, or for another, is."""
    one = unchanged()
    first, model = letter(one, "aa"), letter(one, "aa", "reembedding", step_branch="first")
    again = letter(one, "aa", redrive_id=str(UUID(int=5)), redrive_times="1")
    other = letter(one, "aa", "reembedding", step_branch="second")
    found = (await answers(tmp_path, first, model, again, other, again=True))["dead_letters_by_fingerprint"]
    assert [(one["step"], one["letters"]) for one in found] == [("embedding", 2), ("reembedding", 2)]


async def test_documents_are_counted_by_their_newest_type(tmp_path: Path) -> None:
    """A document counts once, with its newest version, not at all once it is deleted, and again when it comes back."""
    changed, gone, back = uuid4(), uuid4(), uuid4()
    records = (
        record(extracted(changed, "text/plain")),
        record(extracted(changed, "application/pdf", version=2)),
        record(extracted(uuid4(), "application/pdf")),
        record(extracted(uuid4(), "text/csv")),
        record(extracted(gone, "text/csv")),
        record(DocumentDeleted(document_id=gone, **FACTS, jobs=(), reason="r")),
        record(extracted(back, "text/csv")),
        record(DocumentDeleted(document_id=back, **FACTS, jobs=(), reason="r")),
        record(extracted(back, "text/html", version=2)),
    )
    found = (await answers(tmp_path, *records))["documents_by_type"]
    assert found == [
        {"media_type": "application/pdf", "documents": 2},
        {"media_type": "text/csv", "documents": 1},
        {"media_type": "text/html", "documents": 1},
    ]
