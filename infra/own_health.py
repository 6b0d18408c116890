"""What the `/health` of a worker or projections process says that somebody should hear of. Pure."""

from collections.abc import Mapping
from typing import Any

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
