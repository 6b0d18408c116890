"""Shares of a host's turns and room: one for each tenant, at the steps whose turns strangers can keep."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from muniment.schemas.record import Record
from muniment.stream_apps.step import Step

PutOff = Callable[[Record], Awaitable[object]]
PATIENCE_S = 60.0
"""How long a record waits in a host for a turn: its partition cannot be acknowledged beyond it meanwhile."""

ROOM = 4
"""A step with shares has so many times the room of others: what only waits there is small, and costs no write."""


@dataclass(frozen=True, slots=True)
class Shares:
    """Each key has its share of turns and of room; what is beyond it is put off, and in nobody's way.

    Attributes:
        key_of: Whose a record is.
        put_off: Settles a record for now: it comes again later.
        patience_s: How long a record waits for a turn before it is put off.

    """

    key_of: Callable[[Record], str]
    put_off: PutOff
    patience_s: float = PATIENCE_S


def shares_of(step: Step, put_off: PutOff | None) -> Shares | None:
    """Those of the tenants at a step that is shared; `None` where turns are given as records come."""
    return Shares(_tenant, put_off) if step.shared and put_off is not None else None


def room_of(step: Step, window: int) -> int:
    """How many records a host of the step takes in, where it would be `window` for another step."""
    return window * ROOM if step.shared else window


def _tenant(record: Record) -> str:
    return record.header("tenant") or ""
