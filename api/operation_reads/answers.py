"""The shapes of answers about the running of Muniment. What a field is called here is public and stays."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from muniment.api.answers import DOCUMENT_ID, JOB_ID, MOMENT, TOKEN, Answer
from muniment.schemas.resting import RESTING

LETTER = "3-42"
REDRIVE_ID = "01970f60-11aa-7d02-9a41-3c5e7f902b44"


class Ordered(Answer):
    """A command of an operator is on the log. What was decided on it shows in the operation."""

    operation_id: UUID = Field(examples=[JOB_ID])
    position: str = Field(
        description="Send it as `Muniment-Position` with a read that has to see this change", examples=[TOKEN]
    )


class Operation(Answer):
    """Something that was done to the running of Muniment: by whom, when and why."""

    kind: str = Field(
        description="`flag`, `halted`, `resumed`, `breaker_opened`, `breaker_closed`, `redrive_started`, "
        "`redrive_ended`, `discarded`, `quarantined`, `edited`, `event_skipped`, `event_unskipped`, `replay_accepted`, "
        "`read_model_dropped`, `migration_started`, `migration_paused`, `migration_resumed`, `embeddings_switched`, "
        "`embeddings_dropped`, `embeddings_compared` or `rejected`",
        examples=["flag"],
    )
    about: str = Field(description="The flag, step, breaker, redrive or letter", examples=["outbox"])
    actor: str = Field(description="Who, as `key:<id>`; empty or a part's name when nobody asked")
    at: datetime = Field(examples=[MOMENT])
    reason: str
    operation_id: UUID = Field(description="The command behind it", examples=[JOB_ID])
    details: dict[str, Any] = Field(examples=[{"value": True}])


class Operations(Answer):
    """A page of what was done, newest first."""

    items: list[Operation]
    next_cursor: str | None


class Outcome(Answer):
    """What was decided on a command: `accepted` with what came of it, or `rejected` with why."""

    operation_id: UUID = Field(examples=[JOB_ID])
    outcome: str = Field(examples=["accepted"])
    code: str | None = Field(default=None, description="Why it was rejected")
    reason: str | None = None
    redrive_id: UUID | None = Field(default=None, description="The redrive that it began")
    events: list[Operation]


class DeadLetterGroup(Answer):
    """Dead letters of one cause: those that have one fingerprint."""

    fingerprint: str = Field(examples=["9c2f6b1d0e7a4835"])
    step: str = Field(examples=["embedding"])
    code: str = Field(examples=["provider_rejected"])
    category: str = Field(examples=["permanent"])
    detail: str = Field(description="What the newest one says")
    letters: int
    by_status: dict[str, int] = Field(examples=[{"waiting": 12, "redriven": 3}])
    first_seen: datetime = Field(examples=[MOMENT])
    last_seen: datetime = Field(examples=[MOMENT])
    sample: str = Field(description="The newest letter", examples=[LETTER])
    programs: list[str] = Field(description="The versions of Muniment that buried them, the last one last")
    gone_since_version: str | None = Field(
        default=None, description="The version that runs now, when it has buried none of them"
    )


class DeadLetterGroups(Answer):
    """Groups, the one with the newest letter first."""

    items: list[DeadLetterGroup]


class SelectedGroup(Answer):
    """How many letters of a cause would be touched."""

    fingerprint: str
    step: str
    code: str
    letters: int


class RestingLetters(Answer):
    """Letters of an embedding model that nobody embeds with: no redrive takes them."""

    model: str = Field(examples=["text-embedding-3-large#1024"])
    state: str = Field(description="`dropped` or `paused`", examples=["paused"])
    letters: int
    what_to_do: str = Field(examples=[RESTING["paused"].format(model="text-embedding-3-large#1024")])


class DryRun(Answer):
    """What a redrive or a discard would touch. Nothing was published."""

    letters: int = Field(description="How many; above 100 it has to be sent back as `confirmed`")
    groups: list[SelectedGroup] = Field(
        description="Up to 200 causes, the one with the newest letter first; `letters` counts those of all others, too"
    )
    sample: list[str] = Field(description="Up to ten of them, the newest first", examples=[[LETTER]])
    left_out: list[RestingLetters] = Field(
        default=[], description="Of a redrive: letters that wait and that it does not take, by embedding model"
    )


class Redrive(Answer):
    """Dead letters on their way back to their steps."""

    redrive_id: UUID = Field(examples=[REDRIVE_ID])
    state: str = Field(description="`running`, `done`, `stopped` or `canary_failed`", examples=["running"])
    letters: int = Field(description="How many are on its list")
    redriven: int = Field(description="How many are back at their steps")
    failed: int = Field(description="How many of those are dead letters once more")
    left: int = Field(description="How many were not touched, or not yet")
    rate: float = Field(description="Letters a second, at most")
    canary: int = Field(description="How many of each fingerprint go first; 0: no canary")
    selection: dict[str, str]
    reason: str
    actor: str
    started_at: datetime = Field(examples=[MOMENT])
    last_at: datetime | None = Field(default=None, description="When the last letter went back")
    ended_at: datetime | None = None
    ended_reason: str | None = None


class Redrives(Answer):
    """A page of redrives, newest first."""

    items: list[Redrive]
    next_cursor: str | None


class Flag(Answer):
    """A switch that can be turned while everything runs."""

    name: str = Field(examples=["outbox"])
    value: bool
    default: bool
    meaning: str
    changed_at: datetime | None = Field(default=None, description="Empty while nobody has ever set it")
    actor: str | None = None
    reason: str | None = None


class FlagChange(Answer):
    """One turn of a flag."""

    value: bool
    at: datetime = Field(examples=[MOMENT])
    actor: str
    reason: str


class FlagHistory(Flag):
    """A flag with its changes, newest first."""

    history: list[FlagChange]


class Flags(Answer):
    """Every flag there is."""

    items: list[Flag]


class StepState(Answer):
    """Whether a step takes records."""

    name: str = Field(examples=["embedding"])
    state: str = Field(description="`running` or `halted`", examples=["running"])
    since: datetime | None = Field(default=None, description="When it was last halted or resumed")
    actor: str | None = None
    reason: str | None = None
    code: str | None = Field(default=None, description="Why the brake halted it; empty when a person did")
    dead: int | None = Field(default=None, description="How many of the last `settled` records were buried then")
    settled: int | None = None
    lag: int | None = Field(
        default=None,
        description="Records that it has not come to, those that it will pass by included; empty while the log is away",
        examples=[0],
    )
    waits: str | None = Field(
        default=None,
        description="What its records wait for in place for longer than a moment, and what to do where somebody has "
        "to; as the worker process says that this API can ask",
    )


class Steps(Answer):
    """Every step, in the order of a document's way."""

    items: list[StepState]


class Breaker(Answer):
    """Whether an outside service is called."""

    name: str = Field(examples=["embedding"])
    state: str = Field(description="`closed` (it is called) or `open`", examples=["closed"])
    since: datetime | None = None
    retry_at: datetime | None = Field(default=None, description="When it is tried again")
    failures: int | None = None
    code: str | None = None
    by: str | None = Field(default=None, description="What closed it last: `probe` or `command`")
    reason: str | None = None
    actor: str | None = None


class Breakers(Answer):
    """Every breaker there is; of hosts and models brought in, those that opened or closed within a day."""

    items: list[Breaker]


class LetterRecord(Answer):
    """What a dead letter's record holds: what an edit is applied to."""

    dead_letter_id: str = Field(examples=[LETTER])
    event: str = Field(description="The event's name and version", examples=["DocumentSubmitted.v1"])
    document_id: UUID | None = Field(default=None, examples=[DOCUMENT_ID])
    data: dict[str, Any] = Field(description="Its fields; an edit's paths lead into them", examples=[{"version": 1}])
    redacted: list[str] = Field(description="Fields whose key was destroyed: they are gone for ever")
