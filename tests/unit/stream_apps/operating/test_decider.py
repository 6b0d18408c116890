"""The rules by which operators' commands are decided."""

from collections import Counter
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.given import Given
from support.letters import letter
from support.operations import said
from support.steps import TENANT

from muniment.producers.operations.state import OperationsState, fold
from muniment.schemas.operation_commands import (
    DiscardDeadLetters,
    EditDeadLetter,
    HaltStep,
    RedriveDeadLetters,
    ResetBreaker,
    ResumeStep,
    SetFlag,
    StopRedrive,
)
from muniment.schemas.operations import (
    BreakerClosed,
    DeadLetterEdited,
    DeadLetterQuarantined,
    DeadLettersDiscarded,
    FlagChanged,
    OperationRejected,
    RedriveEnded,
    RedriveStarted,
    StepHalted,
    StepResumed,
)
from muniment.schemas.topics import STEP_NAMES
from muniment.stream_apps.operating.decider import MOST_LETTERS, Found, decide
from muniment.stream_apps.operating.state import Letter, State, evolve, in_order

OPERATION = uuid4()


def rules(found: Found | None = None, tenant: str = TENANT) -> Given[State]:
    """Nothing was decided yet; this is what is found for the next command. Its first event stands for all."""
    return Given(
        State(),
        lambda command, state: decide(command, state, found or Found(), OPERATION, tenant)[0],
        lambda state, event: evolve(state, event, tenant),
    )


def redrive(*letters: str, **changed: Any) -> RedriveDeadLetters:
    """A redrive of these letters, or of all."""
    command = RedriveDeadLetters(
        letters=letters, selection={}, rate=5.0, canary=0, confirmed=0, force=False, reason="it is back"
    )
    return replace(command, **changed)


def started(*letters: str, redrive_id: UUID = OPERATION) -> RedriveStarted:
    """A redrive of these letters."""
    return RedriveStarted(redrive_id=redrive_id, letters=letters, selection={}, rate=5.0, canary=0, reason="it is back")


def several(count: int, fingerprints: int = 1) -> tuple[Letter, ...]:
    """So many letters, of so many causes in turn."""
    return tuple(letter(n, fingerprint=f"f{n % fingerprints}") for n in range(count))


def test_a_flag_has_the_value_that_was_asked_for() -> None:
    """A declared flag changes, with the reason."""
    rules().when(SetFlag(flag="outbox", value=True, reason="a drill")).then(
        FlagChanged(flag="outbox", value=True, reason="a drill")
    )


def test_steps_are_halted_and_go_on() -> None:
    """By command; nothing was counted, so nothing is claimed to have been."""
    rules().when(HaltStep(step="embedding", reason="a drill")).then(
        StepHalted(step="embedding", reason="a drill", code="", dead=0, settled=0)
    )
    rules(Found(halted=frozenset({"embedding"}))).when(ResumeStep(step="embedding", reason="over")).then(
        StepResumed(step="embedding", by="command", reason="over")
    )


def test_a_branch_is_halted_and_goes_on_as_a_step_does() -> None:
    """One that there is; a halted one can be resumed in any case. The whole step is another matter."""
    name = "reembedding:big#8"
    halt, resume = HaltStep(step=name, reason="x"), ResumeStep(step=name, reason="x")
    rules(Found(branches=frozenset({name}))).when(halt).then(
        StepHalted(step=name, reason="x", code="", dead=0, settled=0)
    )
    rules(Found(halted=frozenset({name}))).when(resume).then(StepResumed(step=name, by="command", reason="x"))
    for command, found, code in (
        (halt, Found(), "unknown_step"),
        (resume, Found(branches=frozenset({name})), "step_not_halted"),
        (replace(resume, step="reembedding"), Found(halted=frozenset({name})), "step_not_halted"),
    ):
        (decided,) = decide(command, State(), found, OPERATION, TENANT)
        assert isinstance(decided, OperationRejected)
        assert decided.code == code


@given(st.sampled_from(STEP_NAMES))
def test_whoever_halts_a_step_can_resume_it(step: str) -> None:
    """Whatever a person halts holds, and leaves the one step at work that a command to resume it is decided by."""
    (event,) = decide(HaltStep(step=step, reason="a drill"), State(), Found(), OPERATION, TENANT)
    state = fold(OperationsState(), event, said())
    assert "operating" not in state.halted
    assert set(state.halted) == ({event.step} if isinstance(event, StepHalted) else set())
    if state.halted:
        found = Found(halted=frozenset(state.halted))
        (resumed,) = decide(ResumeStep(step=step, reason="over"), State(), found, OPERATION, TENANT)
        assert not fold(state, resumed, said()).halted


@pytest.mark.parametrize("name", ["embedding", "fetching:example.org"])
def test_a_breaker_is_closed(name: str) -> None:
    """The service is called again; so is one address of many."""
    rules().when(ResetBreaker(breaker=name, reason="mended")).then(
        BreakerClosed(breaker=name, by="command", reason="mended")
    )


@pytest.mark.parametrize(
    ("command", "code", "names"),
    [
        (SetFlag(flag="colour", value=True, reason="x"), "unknown_flag", "durable_worker"),
        (HaltStep(step="dreaming", reason="x"), "unknown_step", "extracting"),
        (HaltStep(step="operating", reason="x"), "not_haltable", "halt the steps whose work is to rest"),
        (ResumeStep(step="dreaming", reason="x"), "unknown_step", "extracting"),
        (ResumeStep(step="chunking", reason="x"), "step_not_halted", "none"),
        (ResetBreaker(breaker="toaster", reason="x"), "unknown_breaker", "embedding"),
        (StopRedrive(redrive_id=uuid4(), reason="x"), "redrive_not_found", "none"),
        (redrive("muniment.dlq:0:9"), "dead_letter_not_found", "muniment.dlq:0:9"),
        (redrive(), "nothing_to_do", "none was found"),
        (redrive(reason=" "), "reason_missing", "say why"),
        (redrive(rate=0.0), "bad_rate", "above 0"),
        (redrive(rate=float("nan")), "bad_rate", "above 0"),
        (redrive(rate=1e9), "bad_rate", "at most"),
        (redrive(canary=-1), "bad_canary", "0 for none"),
        (DiscardDeadLetters(letters=(), selection={}, confirmed=0, reason=""), "reason_missing", "say why"),
        (
            EditDeadLetter(document_id=uuid4(), letter="muniment.dlq:0:9", patch="[]", reason="x"),
            "dead_letter_not_found",
            "muniment.dlq:0:9",
        ),
    ],
)
def test_what_cannot_be_done_is_rejected_with_what_can(command: Any, code: str, names: str) -> None:
    """The rejection says what is wrong, and what there is."""
    event = rules().when(command).then_a(OperationRejected, code=code, about=command.key).event
    assert names in event.reason


def test_a_redrive_takes_what_nobody_has_taken() -> None:
    """Named letters that are under way, gone out, discarded or quarantined are left out."""
    found = several(6)
    names = [one.letter for one in found]
    state = rules(Found(letters=found)).and_given(
        started(names[0], redrive_id=uuid4()),
        DeadLettersDiscarded(letters=(names[1],), how="command", reason=""),
        DeadLetterQuarantined(letter=names[2], fingerprint="f1", times=3),
    )
    state.when(redrive(*names)).then_a(RedriveStarted, letters=tuple(names[3:]), redrive_id=OPERATION)
    state.when(redrive(*names, force=True)).then_a(RedriveStarted, letters=tuple(names[2:]))


def test_what_is_left_to_nobody_is_told() -> None:
    """When nothing can be taken, the reason counts why."""
    found = several(3)
    names = [one.letter for one in found]
    decided = (
        rules(Found(letters=(*found, letter(9, step="retrying"))))
        .and_given(started(*names[:2], redrive_id=uuid4()))
        .and_given(DeadLettersDiscarded(letters=(names[2],), how="expired", reason=""))
        .when(redrive())
        .then_a(OperationRejected, code="nothing_to_do")
    )
    for told in ("2 being redriven", "1 discarded", "1 of no step"):
        assert told in decided.event.reason


def test_the_same_command_again_takes_nothing_again() -> None:
    """Two operators with the same idea: the second is told that it is under way."""
    found = Found(letters=several(5))
    rules(found).history([redrive()]).when(redrive()).then_a(OperationRejected, code="nothing_to_do")


@pytest.mark.parametrize(
    ("count", "confirmed", "accepted"),
    [(100, 0, True), (101, 0, False), (101, 101, True), (110, 100, True), (111, 100, False), (120, 500, True)],
)
def test_many_letters_want_confirmation(count: int, confirmed: int, accepted: bool) -> None:
    """Above a hundred somebody must have seen a number close to what is found, for a redrive and for a discard."""
    found = Found(letters=several(count))
    discard = DiscardDeadLetters(letters=(), selection={}, confirmed=confirmed, reason="x")
    for command, event in ((redrive(confirmed=confirmed), RedriveStarted), (discard, DeadLettersDiscarded)):
        decided = rules(found).when(command)
        if accepted:
            assert len(decided.then_a(event).event.letters) == count
        else:
            assert str(count) in decided.then_a(OperationRejected, code="not_confirmed").event.reason


def test_a_redrive_has_an_end_to_its_size() -> None:
    """More than an event can name is refused, not cut."""
    found = Found(letters=several(MOST_LETTERS + 1))
    rules(found).when(redrive(confirmed=MOST_LETTERS + 1)).then_a(OperationRejected, code="too_many")


@given(st.lists(st.integers(0, 3), max_size=40), st.integers(0, 5))
def test_canaries_of_every_cause_go_first(causes: list[int], canary: int) -> None:
    """As many of each fingerprint as asked for (or all it has), and then the rest, each once, oldest first."""
    letters = [letter(n, fingerprint=f"f{cause}") for n, cause in enumerate(causes)]
    ordered, first = in_order(letters, canary)
    assert sorted(ordered, key=letters.index) == letters
    counts = Counter(one.fingerprint for one in letters)
    assert Counter(one.fingerprint for one in ordered[:first]) == +Counter(
        {name: min(count, canary) for name, count in counts.items()}
    )
    assert ordered[first:] == sorted(ordered[first:], key=letters.index)


def test_a_redrive_is_stopped_by_its_own_tenant() -> None:
    """The end counts what went out; the rest can be taken again. Somebody else's is nobody's."""
    found = Found(letters=several(3))
    names = [one.letter for one in found.letters]
    running = rules(found).history([redrive()])
    stop = StopRedrive(redrive_id=OPERATION, reason="enough")
    stopped = running.when(stop).then(
        RedriveEnded(redrive_id=OPERATION, outcome="stopped", redriven=0, left=3, reason="enough")
    )
    assert {stopped.state.standing(name).state for name in names} == {"waiting"}
    running.history([stop]).when(stop).then_a(OperationRejected, code="redrive_ended")
    stranger = Given(
        running.state,
        lambda command, state: decide(command, state, Found(), uuid4(), "other")[0],
        lambda state, event: evolve(state, event, "other"),
    )
    stranger.when(stop).then_a(OperationRejected, code="redrive_not_found")


def test_an_edit_redrives_what_it_edits() -> None:
    """Also from quarantine; a fault of the patch is said, and a letter of another document is none."""
    one = letter(1)
    assert one.document_id is not None
    edit = EditDeadLetter(document_id=one.document_id, letter=one.letter, patch="[]", reason="a typo")
    state = evolve(State(), DeadLetterQuarantined(letter=one.letter, fingerprint="f1", times=3), TENANT)
    edited, redriven = decide(edit, state, Found(letters=(one,)), OPERATION, TENANT)
    assert isinstance(edited, DeadLetterEdited)
    assert isinstance(redriven, RedriveStarted)
    assert redriven.letters == (one.letter,)
    assert evolve(evolve(state, edited, TENANT), redriven, TENANT).standing(one.letter).state == "claimed"
    rules(Found(letters=(one,), fault="no")).when(edit).then_a(OperationRejected, code="bad_patch", reason="no")
    rules(Found(letters=(one,))).when(replace(edit, document_id=uuid4())).then_a(
        OperationRejected, code="dead_letter_not_found"
    )


COMMANDS = st.one_of(
    st.builds(
        lambda chosen, force: redrive(*(f"muniment.dlq:0:{n}" for n in sorted(chosen)), force=force),
        st.sets(st.integers(0, 5), min_size=1),
        st.booleans(),
    ),
    st.builds(
        lambda chosen: DiscardDeadLetters(
            letters=tuple(f"muniment.dlq:0:{n}" for n in sorted(chosen)), selection={}, confirmed=0, reason="x"
        ),
        st.sets(st.integers(0, 5), min_size=1),
    ),
    st.integers(0, 9).map(lambda n: StopRedrive(redrive_id=UUID(int=n), reason="x")),
)


@given(st.lists(COMMANDS, max_size=10))
def test_no_letter_is_ever_in_two_hands(commands: list[Any]) -> None:
    """Whatever is commanded: a redrive takes only letters that no running redrive has, and none discarded."""
    state, held, gone = State(), dict[str, UUID](), set[str]()
    for number, command in enumerate(commands):
        found = Found(letters=tuple(one for one in several(6) if one.letter in getattr(command, "letters", ())))
        for event in decide(command, state, found, UUID(int=number), TENANT):
            if isinstance(event, RedriveStarted):
                assert not set(event.letters) & (held.keys() | gone)
                held |= dict.fromkeys(event.letters, event.redrive_id)
            elif isinstance(event, DeadLettersDiscarded):
                assert not set(event.letters) & held.keys()
                gone |= set(event.letters)
            elif isinstance(event, RedriveEnded):
                assert event.left == sum(who == event.redrive_id for who in held.values())
                held = {name: who for name, who in held.items() if who != event.redrive_id}
            state = evolve(state, event, TENANT)


@given(st.lists(st.sampled_from(["", "kept#8", "paused#8", "dropped#8"]), min_size=1, max_size=12))
def test_a_redrive_takes_nothing_that_nobody_would_take_up(branches: list[str]) -> None:
    """Whatever mixture is found: all but letters of resting models go back; a discard takes every one."""
    letters = tuple(replace(letter(n, step="reembedding"), branch=one) for n, one in enumerate(branches))
    state = State(resting={"paused#8": "paused", "dropped#8": "dropped"})
    (decided,) = decide(redrive(), state, Found(letters), OPERATION, TENANT)
    worked_on = {one.letter for one in letters if one.branch in {"", "kept#8"}}
    if worked_on:
        assert isinstance(decided, RedriveStarted)
        assert set(decided.letters) == worked_on
    else:
        assert isinstance(decided, OperationRejected)
        assert all(f"of {name}, which is" in decided.reason for name in set(branches))
    discard = DiscardDeadLetters(letters=(), selection={}, confirmed=0, reason="x")
    (gone,) = decide(discard, state, Found(letters), OPERATION, TENANT)
    assert isinstance(gone, DeadLettersDiscarded)
    assert len(gone.letters) == len(letters)
