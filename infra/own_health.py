"""What the `/health` of a worker or projections process says that somebody should hear of. Pure."""

from collections.abc import Mapping
from typing import Any

from muniment.schemas.error_codes import ErrorCode

_CODES = frozenset(code.value for code in ErrorCode)
FOREIGN = (AttributeError, KeyError, TypeError, ValueError)
"""What reading an answer ends with that has another form: it is somebody else who listens on the port."""
WAITED_S = 10.0
"""A record that waits in place for less is no news: a database or log was away for a moment."""


def stopped(body: Mapping[str, Any]) -> dict[str, Any]:
    """The parts that do not run, with their state, and what they wait for where they say so."""
    if body.get("ok"):
        return {}
    return {
        name: {key: part[key] for key in ("state", "error", "for_s") if part.get(key)}
        for name, part in body.get("parts", {}).items()
        if not part.get("running")
    }


def waiting(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The records that wait in place for longer than a moment, the longest first."""
    return [one for one in body.get("waits", ()) if one["for_s"] >= WAITED_S]


def in_the_open(body: Mapping[str, Any], *, well: bool) -> dict[str, Any]:
    """What anybody may read of it: what waits, since when and by which code; no position, key, path or command."""
    parts = {
        name: {"state": one.get("state"), "code": code_of(one.get("error", "")), "for_s": one.get("for_s")}
        for name, one in ({} if well else stopped(body)).items()
    }
    waits = [{key: one[key] for key in ("step", "code", "records", "for_s")} for one in waiting(body)]
    told = {
        "stopped": {name: {key: value for key, value in one.items() if value} for name, one in parts.items()},
        "waits": waits,
    }
    return {name: value for name, value in told.items() if value}


def code_of(error: str) -> str:
    """The code that an error begins with; empty for one that says something else."""
    code = error.partition(":")[0]
    return code if code in _CODES else ""


def by_step(body: Mapping[str, Any]) -> dict[str, str]:
    """For each step that waits, in a sentence, what its longest-waiting record waits for."""
    found: dict[str, str] = {}
    for one in waiting(body):
        found.setdefault(one["step"], sentence(one))
    return found


def sentence(one: Mapping[str, Any]) -> str:
    """What a record waits for, and how many wait with it."""
    more = f", and {one['records'] - 1} more" if one["records"] > 1 else ""
    return f"{one['position']}{more}: {one['code']}: {one['detail']}"


def said(body: Mapping[str, Any]) -> str:
    """All of it on one line; empty when there is nothing to hear of."""
    parts = [
        ": ".join([name, *(str(v) for k, v in one.items() if k != "for_s")]) for name, one in stopped(body).items()
    ]
    return "; ".join([*parts, *(f"{one['step']} waits: {sentence(one)}" for one in waiting(body))])
