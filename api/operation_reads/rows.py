"""Rows about the running of Muniment as answers, pure."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from muniment.api.answers import DeadLetter
from muniment.api.operation_reads.answers import (
    Breaker,
    DeadLetterGroup,
    Flag,
    FlagChange,
    Operation,
    Outcome,
    Redrive,
    RestingLetters,
    StepState,
)
from muniment.projections.dead_letters.queries import GroupRow, LetterRow, RestingRow
from muniment.projections.operations.entry import Entry
from muniment.projections.operations.queries import RedriveRow
from muniment.schemas.flags import FLAGS
from muniment.schemas.record import Position
from muniment.schemas.resting import RESTING
from muniment.schemas.topics import BESIDE, DLQ, STEP_NAMES, halt_holds, whole_step


def letter_id(place: str) -> str:
    """The id of a letter in answers and addresses, from its place."""
    position = Position.parse(place)
    return f"{position.partition}-{position.offset}"


def letter_place(dead_letter_id: str) -> str:
    """The place that an id names; the other way round."""
    partition, _, offset = dead_letter_id.partition("-")
    return str(Position(DLQ.name, int(partition), int(offset)))


def dead_letter_answer(row: LetterRow) -> DeadLetter:
    """A dead letter."""
    return DeadLetter(
        dead_letter_id=letter_id(row.letter),
        status=row.status,
        document_id=row.document_id,
        job_id=row.job_id,
        event=row.event_type or None,
        step=row.step,
        branch=row.branch or None,
        code=row.code,
        category=row.category,
        detail=row.error,
        attempts=row.attempts,
        origin=f"{row.origin_topic}:{row.origin_partition}:{row.origin_offset}",
        fingerprint=row.fingerprint,
        program=row.program or None,
        trace_id=row.trace_id or None,
        first_failed_at=row.first_failed_at,
        failed_at=row.failed_at,
        redrive_times=row.redrive_times,
        redriven_from=letter_id(row.redrive_letter) if row.redrive_letter else None,
        redriven_by=row.redriven_by,
        failed_as=letter_id(row.failed_as) if row.failed_as else None,
        edits=row.edits,
        actor=row.actor,
        reason=row.reason,
        changed_at=row.changed_at,
    )


def group_answer(row: GroupRow, running: str) -> DeadLetterGroup:
    """A group; `running` is the version that runs now."""
    return DeadLetterGroup(
        fingerprint=row.fingerprint,
        step=row.step,
        code=row.code,
        category=row.category,
        detail=row.error,
        letters=row.letters,
        by_status=row.by_status,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        sample=letter_id(row.sample),
        programs=list(row.programs),
        gone_since_version=running if row.programs and running not in row.programs else None,
    )


def resting_answer(row: RestingRow) -> RestingLetters:
    """Letters that no redrive takes, and what to do about them."""
    instead = RESTING[row.state].format(model=row.model)
    return RestingLetters(model=row.model, state=row.state, letters=row.letters, what_to_do=instead)


def redrive_answer(row: RedriveRow) -> Redrive:
    """A redrive."""
    return Redrive(
        redrive_id=row.redrive_id,
        state=row.state,
        letters=row.letters,
        redriven=row.redriven,
        failed=row.failed,
        left=max(0, row.letters - row.redriven),
        rate=row.rate,
        canary=row.canary,
        selection=dict(row.selection),
        reason=row.reason,
        actor=row.actor,
        started_at=row.started_at,
        last_at=row.last_at,
        ended_at=row.ended_at,
        ended_reason=row.ended_reason,
    )


def operation_answer(row: Entry) -> Operation:
    """An operation."""
    return Operation(
        kind=row.kind,
        about=row.about,
        actor=row.actor,
        at=row.at,
        reason=row.reason,
        operation_id=row.operation_id,
        details=dict(row.body),
    )


def outcome_answer(operation_id: UUID, events: list[Operation]) -> Outcome:
    """What was decided on a command, of which there is at least one event."""
    rejected = next((event for event in events if event.kind == "rejected"), None)
    began = next((event for event in events if event.kind == "redrive_started"), None)
    return Outcome(
        operation_id=operation_id,
        outcome="rejected" if rejected else "accepted",
        code=str(rejected.details.get("code")) if rejected else None,
        reason=rejected.reason if rejected else None,
        redrive_id=UUID(began.about) if began else None,
        events=events,
    )


def flag_answers(found: Mapping[str, Entry]) -> list[Flag]:
    """Every declared flag; `found` are the last changes."""
    return [
        Flag(
            name=name,
            value=bool(last.body["value"]) if (last := found.get(name)) else flag.default,
            default=flag.default,
            meaning=flag.meaning,
            changed_at=last.at if last else None,
            actor=last.actor if last else None,
            reason=last.reason if last else None,
        )
        for name, flag in FLAGS.items()
    ]


def flag_change(row: Entry) -> FlagChange:
    """One turn of a flag."""
    return FlagChange(value=bool(row.body["value"]), at=row.at, actor=row.actor, reason=row.reason)


def step_answers(found: Mapping[str, Entry]) -> list[StepState]:
    """Every step, and the branches that were ever halted; `found` are the last halts and resumptions."""
    branches = sorted(name for name in found if name not in STEP_NAMES and whole_step(name) in BESIDE)
    return [_step(name, found.get(name)) for name in (*STEP_NAMES, *branches)]


def _step(name: str, last: Entry | None) -> StepState:
    halted = last is not None and last.kind == "halted"
    if last is None or (halted and not halt_holds(name, by_brake=bool(last.body.get("dead")))):
        return StepState(name=name, state="running")
    return StepState(
        name=name,
        state="halted" if halted else "running",
        since=last.at,
        actor=last.actor,
        reason=last.reason,
        code=last.body.get("code") or None if halted else None,
        dead=last.body.get("dead") if halted else None,
        settled=last.body.get("settled") if halted else None,
    )


def breaker_answer(name: str, last: Entry | None) -> Breaker:
    """A breaker; `last` is when it was last opened or closed."""
    if last is None:
        return Breaker(name=name, state="closed")
    opened = last.kind == "breaker_opened"
    wait_s = float(last.body.get("retry_after_s") or 0) if opened else 0.0
    return Breaker(
        name=name,
        state="open" if opened else "closed",
        since=last.at,
        retry_at=last.at + timedelta(seconds=min(max(wait_s, 0.0), 86400.0)) if opened else None,
        failures=last.body.get("failures"),
        code=last.body.get("code"),
        by=last.body.get("by"),
        reason=last.reason or None,
        actor=last.actor or None,
    )
