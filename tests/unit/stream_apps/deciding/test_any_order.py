"""Commands, ends of steps and what is heard of them, in any order."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from hypothesis import given as any_of
from hypothesis import strategies as st
from support.deciding_house import House, ask_url, cancel, delete, fetched, indexed, refused, submit

from muniment.schemas.documents import (
    DocumentDeleted,
    DocumentIndexed,
    DocumentRequested,
    DocumentSubmitted,
    JobCancelled,
)

KINDS = ["submit", "url", "cancel", "delete", "index", "refuse", "fetch", "note"]
kinds = st.lists(st.sampled_from(KINDS), max_size=30)


@dataclass
class Story:
    """Commands decided in any order, steps that end when they like, outcomes heard of late and perhaps twice."""

    dice: random.Random
    repeat: bool
    house: House = field(default_factory=House)
    waiting: list[tuple[Any, UUID]] = field(default_factory=list)
    unheard: list[Any] = field(default_factory=list)
    heard: list[Any] = field(default_factory=list)
    told: list[Any] = field(default_factory=list)

    def happen(self, number: int, kind: str) -> None:
        """One thing happens."""
        if kind in {"submit", "url", "delete", "cancel"}:
            self.ask(number, kind)
        elif kind in {"index", "refuse"}:
            self.end(kind)
        elif kind == "fetch":
            asked = [d for d in self.house.decisions.values() if isinstance(d, DocumentRequested)]
            if asked:
                job = self.dice.choice(asked).job_id
                self.waiting.append((fetched(job, self.dice.choice("ab")), UUID(int=job.int + 1000)))
        elif kind == "note" and self.unheard:
            self.heard.append(self.unheard.pop(0))
            self.house.note(self.heard[-1])
        if self.waiting and kind != "note" and self.dice.random() < 0.7:
            self.house.tell(*self.waiting.pop(self.dice.randrange(len(self.waiting))))
        if self.repeat and self.heard:
            # Without the dice: what is decided after it must not depend on it.
            self.house.note(self.heard[number % len(self.heard)])

    def ask(self, number: int, kind: str) -> None:
        """A command is on the log."""
        known = sorted(j for j in self.house.offsets if j.int < 1000)
        command: Any = submit(self.dice.choice("ab"))
        if kind == "cancel":
            if not known:
                return
            command = cancel(self.dice.choice(known))
        elif kind != "submit":
            command = ask_url() if kind == "url" else delete()
        self.waiting.append((command, self.house.put(number)))

    def end(self, kind: str) -> None:
        """A step has done its work, or refused it."""
        jobs = [d for d in self.house.decisions.values() if isinstance(d, DocumentSubmitted)]
        if not jobs:
            return
        one = self.dice.choice(jobs)
        if kind == "index":
            if self.house.announce(one.job_id):
                self.say(indexed(one.version, one.job_id))
        elif all(t.job_id != one.job_id for t in self.told):
            self.say(refused(one.version, one.job_id))

    def say(self, outcome: Any) -> None:
        """It is on the log."""
        self.unheard.append(outcome)
        self.told.append(outcome)


def play(kinds: Sequence[str], seed: int, *, repeat: bool) -> Story:
    """A story to its end: everything is decided and heard."""
    story = Story(random.Random(seed), repeat)
    for number, kind in enumerate((*kinds, *["decide", "note"] * 60), start=1):
        story.happen(number, kind)
    return story


@any_of(kinds=kinds, seed=st.integers(0, 2**16))
def test_whatever_comes_first_every_job_ends_one_way(kinds: list[str], seed: int) -> None:
    """No version is both cancelled and announced; search sees the newest announced one that was not deleted."""
    story = play(kinds, seed, repeat=False)
    house, told = story.house, story.told
    decided = list(house.decisions.values())
    cancelled = {d.job_id for d in decided if isinstance(d, JobCancelled)}
    announced = {t.job_id: t.version for t in told if isinstance(t, DocumentIndexed)}
    assert not cancelled & announced.keys()
    versions = [d.version for d in decided if isinstance(d, DocumentSubmitted)]
    assert versions == list(range(1, len(versions) + 1))
    gone = max((d.version for d in decided if isinstance(d, DocumentDeleted)), default=0)
    assert house.state.active == max((v for v in announced.values() if v > gone), default=0)
    assert not cancelled & {*house.state.bringing, *house.state.fetching, *house.state.jobs}
    # Content taken later was asked for later.
    taken = [house.offsets[d.job_id] for d in decided if isinstance(d, DocumentSubmitted | DocumentDeleted)]
    assert taken == sorted(taken)


@any_of(kinds=kinds, seed=st.integers(0, 2**16))
def test_outcomes_heard_twice_are_heard_once(kinds: list[str], seed: int) -> None:
    """Every outcome again and again, late and out of order: the same decisions and the same state."""
    once = play(kinds, seed, repeat=False).house
    twice = play(kinds, seed, repeat=True).house
    assert (twice.state, twice.decisions) == (once.state, once.decisions)
