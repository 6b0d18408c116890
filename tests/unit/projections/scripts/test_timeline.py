"""The rows of drafts, and the versions of scripts, by their moments."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st
from support.project_story import PROJECT, passages, told

from muniment.projections.ranged import Past, bare, moment_of
from muniment.projections.scripts.evolve import deleted, evolve
from muniment.projections.scripts.state import Commit, Script
from muniment.projections.scripts.timeline import Known, folded, rows_of, said_of
from muniment.projections.validity import Moment
from muniment.schemas.codec import Envelope
from muniment.schemas.event import Event
from muniment.schemas.metadata import Metadata
from muniment.schemas.projects import EpisodeDeleted, ProjectDeleted
from muniment.schemas.record import Record
from muniment.schemas.script_costs import DraftCharged
from muniment.schemas.scripts import (
    Citation,
    CitationsChecked,
    DraftCancelled,
    DraftCommitted,
    DraftDiscarded,
    DraftErased,
    DraftFailed,
    DraftPrompted,
    DraftRequested,
    DraftRevised,
    DraftWritten,
)
from muniment.schemas.topics import PROJECTS

START = datetime(2026, 1, 1, tzinfo=UTC)
EPISODES, DRAFTS, PAPERS = ([UUID(int=n + i) for i in range(2)] for n in (10, 20, 30))
CITED = Citation(1, PAPERS[0], 1, 0, None, 0, 10, 0, 5, True)
SAID: dict[type[Event], dict[str, Any]] = {
    DraftRequested: {
        "brief": "why", "template": "script", "language": "en", "max_tokens": 9, "temperature": 0.2, "seed": None,
        "document_ids": (), "job_id": UUID(int=7),
    },
    DraftPrompted: {"job_id": UUID(int=7)},
    DraftWritten: {"job_id": UUID(int=7), "citations": (CITED,)},
    DraftCharged: {"job_id": UUID(int=7)},
    DraftFailed: {"job_id": UUID(int=7)},
    DraftCancelled: {"job_id": UUID(int=7), "reason": "slow"},
    DraftRevised: {"job_id": UUID(int=7), "text": "Better", "sources": (PAPERS[1],)},
    CitationsChecked: {"job_id": UUID(int=7), "citations": (CITED,)},
    DraftDiscarded: {"reason": "dull"},
    DraftErased: {},
    DraftCommitted: {"revision": 2},
    EpisodeDeleted: {"revision": 2, "reason": "done"},
    ProjectDeleted: {"revision": 2, "reason": "done", "episodes": tuple(EPISODES)},
}  # fmt: skip
stories = st.lists(
    st.tuples(st.sampled_from(list(SAID)), st.integers(0, 1), st.integers(1, 2), st.integers(0, 30)), max_size=25
)


def event_of(cls: type[Event], which: int, number: int) -> Event:
    """A fact about the one or the other draft, or its episode."""
    about: dict[str, Any] = {"project_id": PROJECT, **SAID[cls]}
    if cls is ProjectDeleted:
        return cls(**about, drafts=tuple(DRAFTS))
    about["episode_id"] = EPISODES[which]
    if cls is EpisodeDeleted:
        return cls(**about, drafts=(DRAFTS[which],))
    about["draft_id"] = DRAFTS[which]
    if cls is DraftRevised:
        return cls(**about, based_on=DRAFTS[1 - which])
    if cls is DraftCommitted:
        return cls(**about, number=number)
    if cls is DraftPrompted:
        return told(cls, **about, passages=passages(*PAPERS[:number]))  # type: ignore[no-any-return]
    if cls is DraftCharged:
        about["attempt"] = number
    whole = {DraftWritten, DraftCharged, DraftFailed, DraftErased}
    return told(cls, **about) if cls in whole else cls(**about)


def facts_of(story: Sequence[Any]) -> list[Envelope]:
    """These facts on one partition; clocks go as they like."""
    facts = list[Envelope]()
    for cls, which, number, second in story:
        meta = Metadata(uuid4(), "acme", uuid4(), uuid4(), START + timedelta(seconds=second), "muniment.test")
        record = Record(PROJECTS.name, PROJECT.bytes, b"", (), 0, len(facts), 0)
        facts.append(Envelope(event_of(cls, which, number), meta, record))
    return facts


def moments_of(facts: Sequence[Envelope]) -> list[Moment]:
    """When each fact counts: never before the one before it."""
    moments = list[Moment]()
    for fact in facts:
        moment = Moment.of(fact.record, fact.meta.time)
        moments.append(moment.not_before(moments[-1].at if moments else None))
    return moments


class Plain:
    """The fold without moments."""

    def __init__(self) -> None:
        self.scripts: dict[UUID, Script] = {}
        self.commits: dict[tuple[UUID, int], Any] = {}

    def fold(self, fact: Envelope) -> None:
        """One fact more."""
        event: Any = fact.event
        if isinstance(event, DraftCommitted):
            self.commits.setdefault((event.episode_id, event.number), (event.draft_id, fact.meta.time))
        elif isinstance(event, EpisodeDeleted | ProjectDeleted):
            gone = event.episodes if isinstance(event, ProjectDeleted) else (event.episode_id,)
            self.commits = {name: row for name, row in self.commits.items() if name[0] not in gone}
            for one in set(event.drafts) & self.scripts.keys():
                self.scripts[one] = deleted(self.scripts[one])
        else:
            known = self.scripts.get(event.draft_id)
            parent = self.scripts.get(event.based_on) if isinstance(event, DraftRevised) else None
            after = evolve(known, event, said_of(fact), parent)
            if after is not None:
                self.scripts[event.draft_id] = after

    def rows(self) -> dict[Any, Any]:
        """What is said, by what names it."""
        found = named(row for script in self.scripts.values() for row in rows_of(script).values())
        return found | {(Commit, *name): row for name, row in self.commits.items()}


def named(rows: Iterable[Any]) -> dict[Any, Any]:
    """What rows say, by what names them."""
    found: dict[Any, Any] = {}
    for row in rows:
        if isinstance(row, Commit):
            found[Commit, row.episode_id, row.number] = (row.draft_id, row.committed_at)
        else:
            names = ("number", "place", "document_id", "version", "attempt")
            part = () if hasattr(row, "origin") else tuple(getattr(row, name, None) for name in names)
            found[type(row), row.draft_id, part] = bare(row)
    return found


def as_of(moment: Moment, known: Known, past: Sequence[Past]) -> dict[Any, Any]:
    """What the rows say whose ranges hold the moment, by what names them."""
    live = [row for script in known.scripts.values() for row in rows_of(script).values()]
    found = [one.row for one in past if moment_of(one.row) <= moment < one.until]
    found += [row for row in [*live, *known.commits.values()] if moment_of(row) <= moment]
    told_then = named(found)
    assert len(told_then) == len(found), "no two rows of one name are true at one moment"
    return told_then


def ranges(facts: Sequence[Envelope], dice: Any) -> tuple[Known, list[Past]]:
    """What the read model keeps, in whatever batches it is read; now and then a batch is read again."""
    known, past, place = Known(), list[Past](), 0
    while place < len(facts):
        start = dice.randint(0, place) if dice.random() < 0.2 else place
        place = dice.randint(place + 1, len(facts))
        known, ended = folded(known, facts[start:place])
        past += ended
    return known, past


@given(stories, st.randoms(use_true_random=False))
def test_the_ranges_tell_of_every_moment_what_the_fold_of_its_prefix_is(story: Any, dice: Any) -> None:
    """Of drafts, passages, citations, sources and versions, also where facts are read twice."""
    facts = facts_of(story)
    known, past = ranges(facts, dice)
    plain = Plain()
    for fact, moment in zip(facts, moments_of(facts), strict=True):
        plain.fold(fact)
        assert as_of(moment, known, past) == plain.rows()
    assert all(moment_of(one.row) < one.until for one in past)
