"""The fold that every process makes of the operations' log."""

import math
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from support.events import events, metadata
from support.operations import said

from muniment.producers.operations.state import OperationsState, fold
from muniment.schemas.catalogue import declarations
from muniment.schemas.embedding_models import EmbeddingsDropped
from muniment.schemas.event import Event
from muniment.schemas.flags import FLAGS
from muniment.schemas.metadata import Metadata
from muniment.schemas.operations import BreakerOpened, FlagChanged, StepHalted, StepResumed
from muniment.schemas.topics import OPERATIONS, STEP_NAMES

ANY = st.one_of(*(events(d) for d in declarations() if d.topic is OPERATIONS))
LOGS = st.lists(st.tuples(ANY, metadata), max_size=12)


def folded(log: list[tuple[Event, Metadata]]) -> OperationsState:
    state = OperationsState()
    for event, meta in log:
        state = fold(state, event, meta)
    return state


@given(LOGS)
def test_no_log_stops_the_fold(log: list[tuple[Event, Metadata]]) -> None:
    """Whatever is said, the fold answers, and every declared flag has a value."""
    state = folded(log)
    assert {name: state.flag(name) for name in FLAGS}.keys() == FLAGS.keys()


@given(LOGS)
def test_a_repeat_changes_nothing(log: list[tuple[Event, Metadata]]) -> None:
    """Each record twice in a row, as after a crash, folds to what each once does."""
    assert folded([pair for pair in log for _ in range(2)]) == folded(log)


@given(st.lists(st.booleans(), min_size=1))
def test_the_last_word_counts(values: list[bool]) -> None:
    """A flag is what was said last, by whom it was said."""
    changes = [(FlagChanged(flag="outbox", value=v, reason=str(i)), said(f"key:{i}")) for i, v in enumerate(values)]
    state = folded([*changes])
    assert state.flag("outbox") is values[-1]
    assert state.flags["outbox"].actor == f"key:{len(values) - 1}"


@given(st.lists(st.booleans()))
def test_a_step_is_halted_from_halt_to_resume(halts: list[bool]) -> None:
    """Halted exactly when the last word on it was a halt."""
    said_so = [
        StepHalted(step="embedding", reason="", code="", dead=0, settled=0)
        if halt
        else StepResumed(step="embedding", by="command", reason="")
        for halt in halts
    ]
    assert ("embedding" in folded([(e, said()) for e in said_so]).halted) is (bool(halts) and halts[-1])


@given(st.lists(st.integers(0, 2)), st.sampled_from(STEP_NAMES))
def test_a_person_halts_no_step_that_only_it_could_resume(dead: list[int], step: str) -> None:
    """Of such a step only what its brake said holds, which its probes end; of any other the last word."""
    said_so = [StepHalted(step=step, reason="", code="", dead=one, settled=one) for one in dead]
    held = folded([(event, said()) for event in said_so]).halted.get(step)
    binding = [one for one in dead if one or step != "operating"]
    # Anybody else's is a person's to end: what a brake says on top of it is no halt of its own.
    last = 0 if 0 in binding else binding[-1] if binding else None
    assert (held.dead if held else None) == last


WORDS: list[tuple[str, Event]] = [
    ("person", StepHalted(step="embedding", reason="upkeep", code="", dead=0, settled=0)),
    ("brake", StepHalted(step="embedding", reason="3 of 3", code="unexpected", dead=3, settled=3)),
    ("command", StepResumed(step="embedding", by="command", reason="over")),
    ("probe", StepResumed(step="embedding", by="probe", reason="it went through")),
]


@given(st.lists(st.sampled_from(WORDS)))
def test_what_a_person_halted_a_person_resumes(words: list[tuple[str, Event]]) -> None:
    """From a person's halt to the command that ends it, no word of a brake or a probe changes anything."""
    who = [name for name, _ in words]
    of_persons = [name for name in who if name in {"person", "command"}]
    held = folded([(event, said()) for _, event in words]).halted.get("embedding")
    if of_persons[-1:] == ["person"]:
        assert held is not None
        assert held.dead == 0
    else:
        assert (held is not None) is (who[-1:] == ["brake"])


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_breaker_opens_for_a_sane_time(seconds: float) -> None:
    """Never into the past, and never for more than a day."""
    meta = said()
    opened = BreakerOpened(breaker="b", failures=1, retry_after_s=seconds, code="x")
    until = fold(OperationsState(), opened, meta).breakers["b"].until
    assert timedelta() <= until - meta.time <= timedelta(days=1)
    if 0 <= seconds <= 86400 and not math.isnan(seconds):
        assert abs((until - meta.time).total_seconds() - seconds) < 0.001


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 300)), min_size=1, max_size=30))
def test_breakers_of_hosts_that_nobody_calls_any_more_are_let_go(openings: list[tuple[int, int]]) -> None:
    """An hour after its pause, when another opens; those of services stay, for somebody will call them."""
    now, state = datetime(2026, 11, 23, tzinfo=UTC), OperationsState()
    until: dict[str, datetime] = {}
    for host, minutes in openings:
        now += timedelta(minutes=minutes)
        for name in (f"fetching:{host}", "embedding" if host == 0 else "blobs"):
            event = BreakerOpened(breaker=name, failures=5, retry_after_s=60.0, code="timed_out")
            state = fold(state, event, said(at=now))
            until[name] = now + timedelta(seconds=60)
        kept = {name for name, end in until.items() if ":" not in name or now - end <= timedelta(hours=1)}
        assert state.breakers.keys() == kept


def test_the_halt_of_a_branch_ends_with_its_model() -> None:
    """Dropped before or after the brake has said it: nobody works for the model, so nothing is halted."""
    halt = StepHalted(step="reembedding:big#8", reason="", code="unexpected", dead=3, settled=3)
    other = StepHalted(step="reembedding:small#8", reason="", code="unexpected", dead=3, settled=3)
    drop = EmbeddingsDropped(model="big#8", reason="of no use")
    for order in ([halt, other, drop], [drop, other, halt]):
        assert set(folded([(event, said()) for event in order]).halted) == {"reembedding:small#8"}
