"""The fold of a draft."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.projections.scripts.evolve import Said, deleted, evolve
from muniment.projections.scripts.state import Script
from muniment.schemas.event import Event
from muniment.schemas.personal import REDACTED
from muniment.schemas.script_costs import DraftCharged
from muniment.schemas.scripts import (
    Citation,
    CitationsChecked,
    DraftCancelled,
    DraftDiscarded,
    DraftErased,
    DraftFailed,
    DraftPrompted,
    DraftRefused,
    DraftRequested,
    DraftRevised,
    DraftWritten,
    Passage,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
PROJECT, EPISODE, DRAFT, JOB, DOCUMENT, OTHER = (UUID(int=n) for n in range(1, 7))
ABOUT: dict[str, Any] = {"project_id": PROJECT, "episode_id": EPISODE, "draft_id": DRAFT}
MINE: dict[str, Any] = {**ABOUT, "job_id": JOB}
ASKED: dict[str, Any] = {"max_tokens": 500, "temperature": 0.2, "seed": 7}


def passage(number: int, document: UUID = DOCUMENT, version: int = 1) -> Passage:
    """A passage of a document."""
    return Passage(number, document, version, number, None, 0, 10, 3, 0.03, 1, None)


def citation(number: int, document: UUID | None = DOCUMENT, *, holds: bool = True) -> Citation:
    """A mark that leads there."""
    return Citation(number, document, 1, 0, None, 0, 10, 0, 5, holds)


REQUESTED = DraftRequested(**MINE, **ASKED, brief="why", template="script", language="en", document_ids=())
PROMPTED = DraftPrompted(
    **MINE,
    **ASKED,
    attempt=1,
    provider="openai",
    model="toy",
    template="script",
    template_version=1,
    prompt="[]",
    passages=(passage(1), passage(2), passage(3, OTHER)),
    memory_tokens=9,
    prompt_tokens=20,
    window_tokens=100,
)
WRITTEN = DraftWritten(
    **MINE,
    attempt=1,
    provider="openai",
    model="toy-1",
    text="So it is [1]. And so [9].",
    citations=(citation(1), citation(9, None, holds=False)),
    finish_reason="stop",
    tokens_in=20,
    tokens_out=9,
    cost_micros=11,
    first_token_ms=90,
    written_ms=800,
)
CHARGED = DraftCharged(
    **MINE,
    attempt=3,
    provider="openai",
    model="toy",
    code="broken_off",
    tokens_in=20,
    tokens_out=4,
    cost_micros=5,
    estimated=True,
)
FAILED = DraftFailed(**MINE, step="generating", code="provider_rejected", letter="muniment.dlq:0:1")
REFUSED = DraftRefused(**MINE, code="nothing_found")
CANCELLED = DraftCancelled(**MINE, reason="no more")
DISCARDED = DraftDiscarded(**ABOUT, reason="worse")
CHECKED = CitationsChecked(**MINE, citations=(citation(1),))
ERASED = DraftErased(**ABOUT, document_id=DOCUMENT, erasure_id=OTHER)
EVERY = (REQUESTED, PROMPTED, WRITTEN, CHARGED, FAILED, REFUSED, CANCELLED, DISCARDED, CHECKED, ERASED)


def said(number: int) -> Said:
    """The record at an offset."""
    return Said("acme", START + timedelta(seconds=number), "key:a", f"muniment.projects:0:{number}")


def told(*events: Event, known: Script | None = None) -> Script | None:
    """The draft after these, in their order."""
    for number, event in enumerate(events):
        known = evolve(known, event, said(number))
    return known


def sure(*events: Event) -> Script:
    """The same, of a draft that is there."""
    script = told(*events)
    assert script is not None
    return script


def test_a_draft_that_was_written_says_what_it_goes_back_to() -> None:
    """Its text, what the answer cost, where the exchange lies, and each version with what is cited of it."""
    script = sure(REQUESTED, PROMPTED, WRITTEN)
    draft = script.draft
    assert (draft.state, draft.text, draft.model, draft.cost_micros) == ("written", WRITTEN.text, "toy-1", 11)
    assert (draft.prompted_place, draft.written_place) == ("muniment.projects:0:1", "muniment.projects:0:2")
    assert [(s.document_id, s.passages, s.cited, s.holding) for s in script.sources] == [
        (DOCUMENT, 2, 1, 1),
        (OTHER, 1, 0, 0),
    ]
    assert [(c.number, c.document_id, c.holds) for c in script.citations] == [(1, DOCUMENT, True), (9, None, False)]


def test_what_ends_a_draft_first_counts() -> None:
    """An answer that comes after the cancellation changes nothing, nor does a cancellation after the answer."""
    assert sure(REQUESTED, CANCELLED, WRITTEN).draft.state == "cancelled"
    assert sure(REQUESTED, PROMPTED, WRITTEN, CANCELLED).draft.state == "written"
    again = replace(WRITTEN, text="something else")
    assert sure(REQUESTED, PROMPTED, WRITTEN, PROMPTED, again).draft.text == WRITTEN.text


def test_a_dead_letter_that_is_sent_back_may_still_be_written() -> None:
    """The failure is forgotten with the next try; the letter stays named until then."""
    failed = sure(REQUESTED, PROMPTED, FAILED).draft
    assert (failed.state, failed.code, failed.letter) == ("failed", "provider_rejected", "muniment.dlq:0:1")
    done = sure(REQUESTED, PROMPTED, FAILED, PROMPTED, WRITTEN).draft
    assert (done.state, done.code, done.letter) == ("written", None, None)


def test_the_last_prompt_before_the_answer_counts() -> None:
    """A try that found other passages takes the place of the one before it."""
    later = replace(PROMPTED, passages=(passage(1, OTHER),))
    script = sure(REQUESTED, PROMPTED, later, WRITTEN)
    assert [(p.number, p.document_id) for p in script.passages] == [(1, OTHER)]
    assert [(s.document_id, s.passages) for s in script.sources] == [(DOCUMENT, 0), (OTHER, 1)]


def test_a_revised_draft_goes_back_to_what_the_one_behind_it_does() -> None:
    """Sources are inherited through any number of edits; marks mean the passages of the first one."""
    first = sure(REQUESTED, PROMPTED, WRITTEN)
    one, two = UUID(int=21), UUID(int=22)
    common: dict[str, Any] = {"project_id": PROJECT, "episode_id": EPISODE, "job_id": JOB}
    revised = DraftRevised(**common, draft_id=one, based_on=DRAFT, text="Mine [1].", sources=(DOCUMENT, OTHER))
    second = evolve(None, revised, said(3), first)
    assert second is not None
    third = evolve(None, replace(revised, draft_id=two, based_on=one), said(4), second)
    assert third is not None
    assert (third.draft.origin, third.draft.based_on, third.draft.kind) == (DRAFT, one, "revised")
    assert [(s.document_id, s.version, s.inherited, s.cited) for s in third.sources] == [
        (DOCUMENT, 1, True, 0),
        (OTHER, 1, True, 0),
    ]
    checked = evolve(third, replace(CHECKED, draft_id=two), said(5))
    assert checked is not None
    assert [(s.document_id, s.cited) for s in checked.sources] == [(DOCUMENT, 1), (OTHER, 0)]
    assert checked.draft.checked
    orphan = evolve(None, revised, said(3), None)
    assert orphan is not None
    assert [(s.document_id, s.version) for s in orphan.sources] == [(DOCUMENT, 0), (OTHER, 0)]


def test_nothing_of_a_draft_that_was_never_asked_for_is_made_up() -> None:
    """Facts that presuppose a draft leave nothing behind where there is none."""
    for event in (PROMPTED, WRITTEN, CHARGED, FAILED, REFUSED, CANCELLED, DISCARDED, CHECKED):
        assert told(event) is None


def test_what_comes_after_an_erasure_brings_no_word_back() -> None:
    """Also for a draft whose request is read after it; that one is still known to have been asked for."""
    script = sure(ERASED, REQUESTED, PROMPTED, WRITTEN)
    assert (script.draft.state, script.draft.brief, script.draft.text) == ("erased", None, None)
    assert script.draft.requested_at is not None


@pytest.mark.parametrize("end", [REFUSED, CANCELLED, FAILED, WRITTEN, ERASED])
def test_what_no_draft_came_of_counts_whatever_became_of_the_draft(end: Event) -> None:
    """Tokens and cost are the sum over all calls, told before the end or after it; what it cost is listed by tries."""
    first, second = replace(CHARGED, attempt=2), CHARGED
    own = WRITTEN.cost_micros if end is WRITTEN else 0
    script = sure(REQUESTED, PROMPTED, first, end, second)
    assert script.draft.cost_micros == 5 + 5 + own
    assert script.draft.tokens_in == 20 + 20 + (WRITTEN.tokens_in if end is WRITTEN else 0)
    assert [(c.attempt, c.code, c.cost_micros, c.place) for c in script.charges] == [
        (2, "broken_off", 5, "muniment.projects:0:2"),
        (3, "broken_off", 5, "muniment.projects:0:4"),
    ]


@pytest.mark.parametrize("end", [REFUSED, CANCELLED, ERASED])
def test_an_answer_that_comes_too_late_has_cost_what_it_cost(end: Event) -> None:
    """It changes nothing else, and said once more it counts once."""
    script = sure(REQUESTED, PROMPTED, end, WRITTEN, WRITTEN)
    assert (script.draft.state, script.draft.text) == (sure(REQUESTED, PROMPTED, end).draft.state, None)
    assert [(c.attempt, c.code, c.cost_micros) for c in script.charges] == [(1, "too_late", 11)]
    assert (script.draft.tokens_in, script.draft.tokens_out, script.draft.cost_micros) == (20, 9, 11)


@given(st.lists(st.sampled_from(EVERY), max_size=12))
def test_each_try_counts_once(events: list[Event]) -> None:
    """In any story of a draft that was asked for: its cost is that of the different tries that were told of."""
    script = sure(REQUESTED, *events)
    paid = {e.attempt: e.cost_micros for e in events if isinstance(e, DraftWritten | DraftCharged)}
    assert (script.draft.cost_micros or 0) == sum(paid.values())


@given(st.lists(st.sampled_from(EVERY), max_size=12), st.data())
def test_folded_twice_is_folded_once(events: list[Event], data: st.DataObject) -> None:
    """Wherever in a story a fact is said once more, right after it was, the story ends in the same draft."""
    twice = data.draw(st.lists(st.booleans(), min_size=len(events), max_size=len(events)))
    once = again = None
    for number, (event, doubled) in enumerate(zip(events, twice, strict=True)):
        once, again = evolve(once, event, said(number)), evolve(again, event, said(number))
        again = evolve(again, event, said(number)) if doubled else again
    assert again == once


@given(st.lists(st.sampled_from(EVERY), max_size=12), st.integers(0, 12))
def test_an_erased_or_deleted_draft_holds_no_text(events: list[Event], where: int) -> None:
    """Wherever in a story the erasure or the deletion stands, no word is left, and none comes back."""
    for end in (lambda s: evolve(s, ERASED, said(50)), lambda s: deleted(s) if s else None):
        script = end(told(*events[:where]))
        for event in events[where:]:
            script = evolve(script, event, said(60))
        if script is not None and script.draft.state in {"erased", "deleted"}:
            assert (script.draft.brief, script.draft.text, script.draft.reason) == (None, None, None)


@given(st.lists(st.sampled_from((REQUESTED, PROMPTED, WRITTEN, DISCARDED, CHECKED)), max_size=8))
def test_a_rebuild_without_the_key_ends_where_the_erasure_did(events: list[Event]) -> None:
    """What can no longer be opened folds into the same rows once the erasure is folded."""
    blind = [
        replace(e, **{n: REDACTED for n in ("brief", "text", "prompt", "reason") if hasattr(e, n)}) for e in events
    ]
    assert told(*events, ERASED) == told(*blind, ERASED)


@pytest.mark.parametrize("event", [REQUESTED, WRITTEN, CHARGED, DISCARDED, ERASED])
def test_a_repeat_changes_nothing(event: Event) -> None:
    """The same fact once more, at a later place, leaves the draft as it is."""
    script = sure(REQUESTED, PROMPTED, WRITTEN, event)
    assert evolve(script, event, said(90)) == script
