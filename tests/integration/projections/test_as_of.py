"""What could be read at a moment, asked for later: the answers are the same."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from projected_story import DIMENSIONS, START, Log, ReadModel, Story, schema_of, vector_of

from muniment.projections.chunks import arms
from muniment.projections.chunks.filters import Filters
from muniment.projections.chunks.queries import Mode, search
from muniment.projections.documents.queries import DocumentFilter, document, documents, version, versions
from muniment.projections.jobs.queries import JobFilter, job, jobs, jobs_by_id
from muniment.projections.registry import PROJECTIONS
from muniment.projections.validity import Moment
from muniment.schemas.documents import DocumentErased, DocumentRefused, JobCancelled, VersionRolledBack

MODES: tuple[Mode, ...] = ("vector", "text", "hybrid")
QUESTIONS = ("common words of chunk", "도서관에서")


@dataclass
class Told:
    """What readers were told at a moment."""

    at: Moment
    answers: dict[str, Any]


def plain(row: Any) -> Any:
    """A row without what says since when it is so."""
    hidden = {name: None for name in ("from_at", "from_place", "ordered_at", "erased_at") if hasattr(row, name)}
    return replace(row, **hidden) if hidden else row


async def answers(model: ReadModel, of: Sequence[Story], at: Moment | None = None) -> dict[str, Any]:
    """Everything that can be asked about these stories, now or as of a moment."""
    pool, told = model.pool, dict[str, Any]()
    for name, wanted in {
        "all": None,
        "deleted": DocumentFilter(status="deleted"),
        "titled": DocumentFilter(title="new", metadata={"n": "1"}),
    }.items():
        page = await documents(pool, "acme", wanted, limit=3, at=at)
        told[f"documents {name}"] = [plain(row) for row in page.rows]
        if page.cursor:
            more = await documents(pool, "acme", wanted, limit=3, cursor=page.cursor, at=at)
            told[f"documents {name} 2"] = [plain(row) for row in more.rows]
    for state in (None, "queued", "cancelled"):
        page_of_jobs = await jobs(pool, "acme", JobFilter(state=state), limit=50, at=at)
        told[f"jobs {state}"] = list(page_of_jobs.rows)
    told["some jobs"] = sorted(await jobs_by_id(pool, "acme", [s.job for s in of], at), key=lambda row: row.job_id)
    for story in of:
        told[f"job {story.job}"] = await job(pool, "acme", story.job, at)
        told[f"document {story.document_id}"] = plain(await document(pool, "acme", story.document_id, at))
        told[f"versions {story.document_id}"] = [
            plain(row) for row in await versions(pool, "acme", story.document_id, at)
        ]
        told[f"version {story.job}"] = plain(await version(pool, "acme", story.document_id, story.version, at))
    for mode in MODES:
        for question in QUESTIONS:
            for filters in (Filters(), Filters(title="new"), Filters(metadata={"n": "1"})):
                vector = vector_of(question).tolist()
                page_of_hits = await search(pool, "acme", mode, question, vector, 7, filters, at=at)
                told[f"{mode} {question} {filters}"] = list(page_of_hits.hits)
    return told


async def life(log: Log) -> list[Story]:
    """Submissions, replacements, a rollback, a refusal, a dead letter, deletions; one step after the other."""
    one = Story(log, ("the first common words", "words of a chunk", "도서관에서 책을 읽었다"), metadata={"n": "1"})
    two = Story(log, ("common to both, words of chunk", "entirely other"), title="New and two")
    newer = Story(log, ("words common again", "도서관에서"), document_id=one.document_id, version=2, title="New one")
    dropped = Story(log, ("never seen chunk",), document_id=one.document_id, version=3)
    refused = Story(log, (), title="no text")
    dead = Story(log, ("chunk of a dead letter",))
    last = Story(log, ("the last common chunk",), document_id=two.document_id, version=2, metadata={"n": "1"})
    for story in (one, two, newer):
        await story.tell()
    await dropped.submitted(await dropped.command())
    await dropped.prepared(0)
    await dropped.embedded(0)
    gone = {"document_id": dropped.document_id, "version": 3, "job_id": dropped.job}
    await dropped.say(JobCancelled(**gone, reason="not wanted"))
    await dropped.say(VersionRolledBack(**gone, blobs_removed=1, blobs_shared=0))
    await refused.submitted(await refused.command())
    await refused.say(
        DocumentRefused(document_id=refused.document_id, version=1, job_id=refused.job, code="no_text", reason="empty")
    )
    await dead.command()
    log.clock += timedelta(milliseconds=5)
    log.dead(await dead.submitted(), "extracting")
    await last.tell()
    await one.delete(uuid4())
    await replace(newer).delete(uuid4())
    return [one, two, newer, dropped, refused, dead, last]


async def recorded(model: ReadModel, log: Log, stories: Sequence[Story]) -> list[Told]:
    """Fold record by record, and write down at some of them what readers are told."""
    told = []
    for number, record in enumerate(log.records):
        for name in ("documents", "jobs", "chunks"):
            await model.fold(name, [record])
        if number % 7 == 3 or number == len(log.records) - 1:
            at = Moment.of(record, moment_of(log, number))
            told.append(Told(at, await answers(model, stories)))
    return told


def moment_of(log: Log, number: int) -> datetime:
    """When the record of that number was written: each is later than the one before it."""
    record = log.records[number]
    stamp = record.header("ce_time") if not record.header("retry_step") else None
    return datetime.fromisoformat(stamp) if stamp else datetime.fromtimestamp((record.timestamp_ms or 0) / 1000, UTC)


@pytest.mark.parametrize("exact", [True, False])
async def test_later_answers_as_of_a_moment_are_those_given_then(
    read_model: ReadModel, log: Log, monkeypatch: pytest.MonkeyPatch, *, exact: bool
) -> None:
    """Documents, lists, jobs and every mode of search, in their order, by position and by time."""
    if not exact:
        monkeypatch.setattr(arms, "EXACT_CHUNKS", 0)
        monkeypatch.setattr(arms, "EXACT_FILTERED_CHUNKS", 0)
    stories = await life(log)
    told = await recorded(read_model, log, stories)
    assert len(told) == 8
    for then in told:
        assert await answers(read_model, stories, then.at) == then.answers, then.at
        assert await answers(read_model, stories, Moment.end_of(then.at.at)) == then.answers, then.at.at
    assert any(then.answers[f"text {QUESTIONS[0]} {Filters()}"] for then in told)


async def test_a_rebuild_in_any_order_of_topics_leads_to_the_same_past(read_model: ReadModel, log: Log) -> None:
    """Read in large batches, topic by topic in any order, the ranges and the answers are the same."""
    stories = await life(log)
    told = await recorded(read_model, log, stories)
    before = await read_model.contents()
    await emptied(read_model)
    for topic in mixed(log, seed=2):
        for name in ALL:
            await read_model.fold(name, [record for record in log.records if record.topic == topic])
    assert await read_model.contents() == before
    some = told[len(told) // 2]
    assert await answers(read_model, stories, some.at) == some.answers


@pytest.mark.parametrize("seed", range(3))
async def test_nothing_of_what_was_before_an_erasure_is_left(read_model: ReadModel, log: Log, seed: int) -> None:
    """Neither in the past nor now, whatever order the topics are read in; what comes after it has a past again."""
    one = Story(log, ("garnet words",), title="Garnet title")
    two = Story(log, ("garnet again",), document_id=one.document_id, version=2, title="Garnet title")
    await one.tell()
    failing = Story(log, ("garnet",), document_id=one.document_id, version=3, title="Garnet title")
    log.dead(await failing.submitted(await failing.command()), "extracting")
    await two.tell()
    cancelled = Story(log, ("garnet",), document_id=one.document_id, version=4, title="Garnet title")
    await cancelled.submitted(await cancelled.command())
    await cancelled.say(
        JobCancelled(document_id=one.document_id, version=4, job_id=cancelled.job, reason="Garnet reason")
    )
    erased = DocumentErased(document_id=one.document_id, version=4, erasure_id=uuid4(), jobs=())
    await log.say(erased, uuid4(), "acme")
    after = [Story(log, (f"later {n}",), document_id=one.document_id, version=n, title=f"Later {n}") for n in (5, 6)]
    for story in after:
        await story.tell()
    await read_model.catch_up()
    straight = await read_model.contents()
    await emptied(read_model)
    for topic in mixed(log, seed):
        for name in ALL:
            await read_model.fold(name, [record for record in log.records if record.topic == topic])
    again = await read_model.contents()
    assert {name: again[name] for name in ALL} == {name: straight[name] for name in ALL}
    for name in ALL:
        for table in PROJECTIONS[name](DIMENSIONS).tables:
            rows = await read_model.pool.fetch(f"select x::text as row from {schema_of(name)}.{table} x")
            assert not [row["row"] for row in rows if "arnet" in row["row"]], (name, table)
    past = await versions(read_model.pool, "acme", one.document_id, Moment.of(log.records[-1], START))
    assert past == []
    kept = await read_model.pool.fetchval(f"select count(*) from {schema_of('chunks')}.past_texts")
    assert kept == 1


ALL = ("documents", "jobs", "chunks")


def mixed(log: Log, seed: int) -> list[str]:
    """The topics of the log in some order."""
    topics = sorted({record.topic for record in log.records})
    random.Random(seed).shuffle(topics)
    return topics


async def emptied(model: ReadModel) -> None:
    """Truncate the tables of these read models, checkpoints and all."""
    for name in ALL:
        schema = schema_of(name)
        tables = await model.pool.fetch(_TABLES, schema)
        await model.pool.execute("truncate " + ", ".join(f"{schema}.{row['relname']}" for row in tables))


_TABLES = "select relname from pg_class where relnamespace = $1::regnamespace and relkind in ('r', 'p')"
