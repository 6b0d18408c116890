"""Whatever meets whatever, the read models tell of the same end: of the job, and of the version that it brought."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from muniment.projections.documents.evolve import evolve as evolve_document
from muniment.projections.documents.evolve import fail
from muniment.projections.documents.projection import failure_of
from muniment.projections.documents.state import Document, Head
from muniment.projections.jobs.evolve import evolve as evolve_job
from muniment.projections.jobs.evolve import is_transition
from muniment.projections.jobs.facts import facts_of
from muniment.projections.jobs.state import ENDS, Job
from muniment.schemas.codec import Envelope
from muniment.schemas.commands import SubmitDocument
from muniment.schemas.documents import (
    DocumentChunked,
    DocumentExtracted,
    DocumentIndexed,
    DocumentRefused,
    DocumentSubmitted,
    JobCancelled,
)
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.event import Event
from muniment.schemas.metadata import Metadata
from muniment.schemas.record import Position, Record
from muniment.schemas.retry_headers import RetryState
from muniment.schemas.topics import COMMANDS_DOCUMENTS, DLQ, DOCUMENTS, RETRY_TIERS

DOCUMENT, JOB, ASKING = UUID(int=1), UUID(int=2), UUID(int=3)
START = datetime(2026, 1, 1, tzinfo=UTC)
ABOUT: dict[str, Any] = {"document_id": DOCUMENT, "version": 1, "job_id": JOB}
WHAT: dict[str, Any] = {
    "file_name": "a", "title": None, "metadata": {}, "blob": "b", "size_bytes": 1, "source": "api", "lane": "bulk",
}  # fmt: skip
SUMS: dict[str, Any] = {"chunks": 1, "batches": 1, "tokens": 1}
WAY: dict[str, Event] = {
    "submitted": DocumentSubmitted(**ABOUT, **WHAT),
    "extracted": DocumentExtracted(
        **ABOUT, media_type="text/plain", title=None, text_blob="t", characters=1, pages=None, findings={}
    ),
    "chunked": DocumentChunked(**ABOUT, **SUMS),
    "indexed": DocumentIndexed(**ABOUT, **SUMS, model="m", cost_micros=0, embedded=1, reused=0),
    "refused": DocumentRefused(**ABOUT, code="no_text", reason="empty"),
    "cancelled": JobCancelled(**ABOUT, reason="not wanted"),
}
SHOWN = {"indexed": "succeeded", "refused": "refused", "cancelled": "cancelled", "failed": "failed"}
"""The state of a job by the status of its version, where that is an end."""
Item = Envelope | Record


def said(event: Event, offset: int) -> Envelope:
    """An event of the job, or of the one that cancels it, at a place of its topic."""
    job = ASKING if isinstance(event, JobCancelled) else JOB
    topic = event.declaration.topic.name
    meta = Metadata(job, "acme", job, job, START + timedelta(seconds=offset), "muniment.test")
    return Envelope(event, meta, Record(topic, str(DOCUMENT).encode(), b"", (), 0, offset, 0))


def waiting(topic: str, offset: int) -> Record:
    """A record of the job that waits for its retry, or is a dead letter."""
    state = RetryState("embedding", 1, 0, 0, offset * 1000, Position("t", 0, 0), ErrorCode.UNEXPECTED, "x")
    ids = (("correlation_id", str(JOB).encode()), ("tenant", b"acme"))
    bare = Record(topic, str(DOCUMENT).encode(), b"", ids).with_headers(state.to_headers())
    return Record(topic, bare.key, b"", bare.headers, 0, offset, offset)


def topics_of(words: Sequence[str], letters: int, waits: int) -> list[list[Item]]:
    """Each topic's records, in its order: the command, what happened to the document, dead letters, retries."""
    command = SubmitDocument(document_id=DOCUMENT, **WHAT)
    return [
        [said(command, 0)],
        [said(WAY[word], offset) for offset, word in enumerate(["submitted", *words], start=1)],
        [waiting(DLQ.name, n) for n in range(letters)],
        [waiting(RETRY_TIERS[0].name, n) for n in range(waits)],
    ]


def read(topics: Sequence[Sequence[Item]], dice: random.Random) -> list[Item]:
    """All of it, in an order in which it can be read; now and then a topic is read again from an earlier place."""
    places = [0] * len(topics)
    result: list[Item] = []
    while open_ := [n for n, topic in enumerate(topics) if places[n] < len(topic)]:
        n = dice.choice(open_)
        result.append(topics[n][places[n]])
        places[n] += 1
        if dice.random() < 0.15:
            places[n] = dice.randrange(places[n] + 1)
    return result


def folded(items: Sequence[Item]) -> tuple[Job, Document]:
    """The job and the document after these; every step of the job is a valid one."""
    job, document = Job(JOB, "acme", DOCUMENT), Document(Head("acme", DOCUMENT))
    for item in items:
        for fact in facts_of(item):
            if fact.job_id == JOB:
                after = evolve_job(job, fact)
                assert is_transition(job.state, after.state), (job.state, after.state)
                job = after
        if isinstance(item, Envelope) and item.event.declaration.topic is not COMMANDS_DOCUMENTS:
            assert item.event.declaration.topic is DOCUMENTS
            document = evolve_document(document, item.event, item.meta.time)
        elif isinstance(item, Record) and item.topic == DLQ.name:
            failure = failure_of(item)
            assert failure is not None
            document = fail(document, failure)
    return job, document


words = st.lists(st.sampled_from([word for word in WAY if word != "submitted"]), max_size=8)
counts = st.integers(0, 3)


@given(words, counts, counts, st.integers(0, 2**16), st.integers(0, 2**16))
def test_in_every_order_that_can_be_read_there_is_one_end(
    words: list[str], letters: int, waits: int, one: int, other: int
) -> None:
    """Steps, retries, dead letters, cancellation and completion, read in two orders and in part twice."""
    topics = topics_of(words, letters, waits)
    job, document = folded(read(topics, random.Random(one)))
    again, same = folded(read(topics, random.Random(other)))
    assert (again.state, again.version, again.step) == (job.state, job.version, job.step)
    assert (same.head.status, same.head.active_version) == (document.head.status, document.head.active_version)
    status = document.versions[1].status
    assert (job.state in ENDS) == (status in SHOWN)
    if status in SHOWN:
        assert job.state == SHOWN[status]
    # The first of these two that the log says is the one that counts.
    first = next((word for word in words if word in {"indexed", "cancelled"}), None)
    if first is not None:
        assert status == first
    assert (document.head.active_version == 1) == (first == "indexed")
