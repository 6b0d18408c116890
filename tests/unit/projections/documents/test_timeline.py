"""The rows of a document by their moments."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from muniment.projections.documents.evolve import evolve, fail
from muniment.projections.documents.state import Document, Failure, Head
from muniment.projections.documents.timeline import Change, Past, followed, kept, moment_of, placed
from muniment.projections.validity import Moment
from muniment.schemas.documents import (
    DocumentDeleted,
    DocumentExtracted,
    DocumentIndexed,
    DocumentRefused,
    DocumentSubmitted,
    JobCancelled,
)
from muniment.schemas.event import Event
from muniment.schemas.record import Record
from muniment.schemas.topics import DLQ, DOCUMENTS

ID = UUID(int=1)
START = datetime(2026, 1, 1, tzinfo=UTC)
BLANK = Document(Head("acme", ID))


def job(version: int) -> UUID:
    """The job of a version."""
    return UUID(int=100 + version)


def event(kind: type[Event], version: int) -> Event:
    """A fact of a version."""
    about = {"document_id": ID, "version": version, "job_id": job(version)}
    more = {
        DocumentSubmitted: {
            "file_name": "a.txt", "title": f"Title {version}", "metadata": {}, "blob": "b", "size_bytes": 3,
            "source": "api", "lane": "bulk",
        },
        DocumentExtracted: {
            "media_type": "text/plain", "title": None, "text_blob": "t", "characters": 9, "pages": 1, "findings": {},
        },
        DocumentRefused: {"code": "no_text", "reason": "empty"},
        DocumentIndexed: {
            "chunks": 1, "batches": 1, "model": "m", "tokens": 1, "cost_micros": 1, "embedded": 1, "reused": 0,
        },
        DocumentDeleted: {"jobs": (), "reason": "why"},
        JobCancelled: {"reason": "why"},
    }  # fmt: skip
    return kind(**about, **more[kind])


KINDS = (DocumentSubmitted, DocumentExtracted, DocumentRefused, DocumentIndexed, DocumentDeleted, JobCancelled)
facts = st.tuples(st.sampled_from(KINDS), st.integers(1, 3), st.integers(0, 30))
letters = st.tuples(st.just(None), st.integers(1, 3), st.integers(0, 30))
Said = tuple[Moment, Change]


def changes_of(entries: list[tuple[type[Event] | None, int, int]]) -> tuple[list[Said], list[Said]]:
    """The changes of the document's own topic, each no earlier than the one before it, and those of dead letters."""
    own, dead, latest = list[Said](), list[Said](), START
    for kind, version, second in entries:
        at = START + timedelta(seconds=second)
        if kind is None:
            at = max([at, *(moment.at for moment, _ in dead)])
            moment = Moment.of(Record(DLQ.name, b"", b"", (), 0, len(dead)), at)
            failure = Failure("acme", ID, job(version), "unexpected", "error", at, moment.place)
            dead.append((moment, partial(lambda failure, document: fail(document, failure), failure)))
        else:
            moment = Moment.of(Record(DOCUMENTS.name, b"", b"", (), 0, len(own)), at).not_before(latest)
            latest = moment.at
            told = partial(lambda event, at, document: evolve(document, event, at), event(kind, version), at)
            own.append((moment, told))
    return own, dead


def ranges(own: list[Said], dead: list[Said], dice: random.Random) -> tuple[Document, list[Past]]:
    """What the read model keeps, however the two topics are read."""
    document, past = BLANK, list[Past]()
    own, dead = list(own), list(dead)
    while own or dead:
        lane = dice.choice([lane for lane in (own, dead) if lane])
        batch = [lane.pop(0) for _ in range(dice.randint(1, len(lane)))]
        if lane is dead or document.failures:
            document, past = placed(document, past, batch)
        else:
            document, ended = followed(document, batch)
            past += ended
    return document, past


def as_of(moment: Moment, document: Document, past: list[Past]) -> tuple[object, dict[int, object]]:
    """Head and versions whose ranges hold the moment."""
    rows = [one.row for one in past if moment_of(one.row) <= moment < one.until]
    live = [document.head, *document.versions.values()]
    rows += [row for row in live if row.from_at is not None and moment_of(row) <= moment]
    heads = [bare(row) for row in rows if isinstance(row, Head)]
    versions = [row for row in rows if not isinstance(row, Head)]
    assert len(heads) <= 1
    assert len({row.version for row in versions}) == len(versions)
    return heads[0] if heads else BLANK.head, {row.version: bare(row) for row in versions}


def bare(row):
    """A row without its moments."""
    return replace(row, from_at=None, from_place=None)


@given(st.lists(facts | letters, max_size=12), st.randoms(use_true_random=False))
def test_the_ranges_tell_of_every_moment_what_the_fold_of_its_prefix_is(
    entries: list[tuple[type[Event] | None, int, int]], dice: random.Random
) -> None:
    """However facts and dead letters are read, in whatever batches."""
    own, dead = changes_of(entries)
    document, past = ranges(own, dead, dice)
    for until in [moment for moment, _ in own + dead]:
        state = BLANK
        for moment, change in sorted(own + dead, key=lambda one: one[0]):
            state = change(state) if moment <= until else state
        head, versions = as_of(until, document, past)
        assert head == state.head
        assert versions == dict(state.versions)


def test_what_was_before_an_erasure_is_not_kept() -> None:
    """Of rows that ended later, and of what follows, nothing is lost."""
    own, _ = changes_of(
        [(DocumentSubmitted, 1, 1), (DocumentDeleted, 1, 2), (DocumentSubmitted, 2, 3), (DocumentIndexed, 2, 4)]
    )
    document, past = followed(BLANK, own)
    erased = replace(document, head=replace(document.head, erased_at=START + timedelta(seconds=2)))
    left = kept(erased, past)
    assert {one.until.at for one in left} == {START + timedelta(seconds=3), START + timedelta(seconds=4)}
    assert not any(getattr(one.row, "title", None) == "Title 1" for one in left)
