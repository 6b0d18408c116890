"""What can be asked for of dead letters, and the limits of it. Each becomes one of `schemas.operation_commands`."""

import json
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, model_validator

from muniment.api.numbers import FLAG, NUMBER
from muniment.api.texts import NO_NUL, Reason
from muniment.api.times import Time
from muniment.projections.dead_letters.queries import DeadLetterFilter

CONFIRM_ABOVE = 100
"""Above so many letters a person has to have seen their number."""
MAX_LETTERS = 10_000
LETTER_PATTERN = r"^[0-9]{1,9}-[0-9]{1,18}$"
Status = Literal["waiting", "redriving", "redriven", "failed_again", "discarded", "expired", "quarantined", "edited"]
LetterId = Annotated[str, StringConstraints(pattern=LETTER_PATTERN)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_NUL)]
Pointer = Annotated[str, StringConstraints(max_length=1000, pattern=r"^(/[^\x00]*)?$")]
_ONE_OF_BOTH: JsonValue = [{"required": ["letters"]}, {"required": ["selection"]}]
_STRICT = ConfigDict(extra="forbid", populate_by_name=True)


class Selection(BaseModel):
    """Which letters: every given part must hold; with none, all of them."""

    model_config = _STRICT

    step: Name | None = None
    code: Name | None = None
    category: Name | None = None
    fingerprint: Name | None = None
    document_id: UUID | None = None
    job_id: UUID | None = None
    status: Status | None = None
    since: Time | None = Field(default=None, alias="from", description="Buried then or later")
    until: Time | None = Field(default=None, alias="to", description="Buried before that")

    def as_filter(self, statuses: tuple[str, ...]) -> DeadLetterFilter:
        """The query for it, among letters of these statuses."""
        return DeadLetterFilter(
            step=self.step,
            code=self.code,
            category=self.category,
            fingerprint=self.fingerprint,
            document_id=self.document_id,
            job_id=self.job_id,
            statuses=tuple(s for s in statuses if self.status in {None, s}),
            since=self.since,
            until=self.until,
        )

    def as_mapping(self) -> dict[str, str]:
        """What the command carries: only what was given, as text."""
        given = self.model_dump(by_alias=True, exclude_none=True)
        return {name: v.isoformat() if isinstance(v, datetime) else str(v) for name, v in given.items()}


class Letters(Reason):
    """Dead letters and a reason: either those named, or all that a selection finds."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "oneOf": _ONE_OF_BOTH,
            "examples": [{"selection": {"code": "provider_rejected"}, "reason": "a test import"}],
        },
    )

    letters: list[LetterId] = Field(default_factory=list, min_length=1, max_length=MAX_LETTERS)
    selection: Selection = Field(default_factory=Selection, description="An empty one is all that wait")
    confirmed: Annotated[
        int,
        Field(ge=0, le=2**31, description="How many letters a person was shown (see `dry_run`); above 100 needed"),
        NUMBER,
    ] = 0

    @model_validator(mode="after")
    def _one_of_both(self) -> "Letters":
        if len({"letters", "selection"} & self.model_fields_set) != 1:
            raise ValueError("give either letters or a selection; an empty selection is all that wait")
        return self


class Redriving(Letters):
    """Dead letters that are to go back to their steps."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "oneOf": _ONE_OF_BOTH,
            "examples": [
                {
                    "selection": {"fingerprint": "9c2f6b1d0e7a4835"},
                    "reason": "the endpoint is back",
                    "rate": 5,
                    "canary": 1,
                }
            ],
        },
    )

    rate: Annotated[float, Field(gt=0, le=1000, description="Letters a second, at most"), NUMBER] = 5.0
    canary: Annotated[
        int,
        Field(ge=0, le=100, description="How many of each fingerprint go first; the others only if those pass"),
        NUMBER,
    ] = 1
    force: Annotated[bool, FLAG] = Field(default=False, description="Quarantined letters, too")


class _At(BaseModel):
    model_config = _STRICT

    path: Pointer


class Put(_At):
    """A value is put somewhere, or is to be there."""

    op: Literal["add", "replace", "test"]
    value: Any


class Remove(_At):
    """What is there goes."""

    op: Literal["remove"]


class Move(_At):
    """What is elsewhere comes here."""

    op: Literal["move", "copy"]
    source: Pointer = Field(alias="from")


PatchOperation = Annotated[Put | Remove | Move, Field(discriminator="op")]
"""One operation of a JSON Patch (RFC 6902)."""


class Edit(Reason):
    """How a dead letter is to be read from here on; it is redriven so."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"patch": [{"op": "replace", "path": "/title", "value": "Leave"}], "reason": "the title was unreadable"}
            ]
        },
    )

    patch: list[PatchOperation] = Field(min_length=1, max_length=100, description="JSON Patch on the record's `data`")

    def patch_text(self) -> str:
        """The patch as the command carries it."""
        given = [one.model_dump(by_alias=True) for one in self.patch]
        text = json.dumps(given, ensure_ascii=False, separators=(",", ":"))
        # Half a character (a lone surrogate) goes as JSON writes it: the decider says what is wrong with it.
        return text.encode(errors="backslashreplace").decode()


def unconfirmed(count: int, confirmed: int) -> bool:
    """Whether so many letters need a person's word that was not given: none, or for a number far below."""
    return count > CONFIRM_ABOVE and count > confirmed * 1.1
