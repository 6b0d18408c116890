"""How far behind the log everything is: each step, each retry tier, each read model. The shaping of it is pure."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from muniment.api.dependencies import Dependencies
from muniment.api.overview.port import StepLag
from muniment.schemas.errors import MunimentError

PROBE_S = 3.0


@dataclass(frozen=True, slots=True)
class StepRow:
    """Steps that read together in a lane, and the records that they have still to read."""

    steps: tuple[str, ...]
    lane: str
    records: int


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A read model as its process tells.

    Attributes:
        state: What it is doing; `away` when its process does not answer.
        lag: Records behind the end of the log.
        age_s: Seconds for which records have waited without its moving.
        parked: Records that it could not fold, since it started.
        drift: Rows that are not what the log says, as far as was compared; `None` when nothing was.
        compared: How much of it was compared, as `3 of 16`.
        named: The first of the rows that differ.

    """

    name: str
    state: str
    schema: str
    lag: int | None
    age_s: float | None
    parked: int | None
    error: str
    drift: int | None
    compared: str
    named: tuple[str, ...] = ()


def step_rows(found: Sequence[StepLag]) -> list[StepRow]:
    """A row for each step, or steps that read together, of a lane in which anything is counted."""
    return [StepRow(one.steps, one.lane, one.records) for one in found if one.steps]


def tier_rows(found: Sequence[StepLag]) -> list[tuple[str, int]]:
    """Every retry tier and the records of all tenants that wait in it."""
    return [(one.tier.rpartition(".")[2], one.records) for one in found if one.tier]


def model_rows(names: Sequence[str], parts: Mapping[str, Any] | None, lag: Mapping[str, int]) -> list[ModelRow]:
    """Every read model; `parts` is what their process tells of itself, `None` while it is away."""
    return [_model_row(name, (parts or {}).get(name), lag.get(name)) for name in names]


def _model_row(name: str, part: Mapping[str, Any] | None, lag: int | None) -> ModelRow:
    if part is None:
        return ModelRow(name, "away", "", lag, None, None, "", None, "")
    drift = part.get("drift") or {}
    return ModelRow(
        name=name,
        state=str(part.get("state") or "away"),
        schema=str(part.get("schema") or ""),
        lag=part.get("lag"),
        age_s=part.get("checkpoint_age_s"),
        parked=part.get("parked"),
        error=str(part.get("error") or ""),
        drift=drift.get("rows"),
        compared=str(drift.get("slices") or ""),
        named=tuple(drift.get("named") or ()),
    )


async def steps_behind(deps: Dependencies) -> Sequence[StepLag] | None:
    """What waits for the steps; `None` while the broker does not tell."""
    if deps.overview is None:
        return None
    try:
        return await deps.overview.lag()
    except MunimentError:
        return None


async def projections_told(deps: Dependencies) -> Mapping[str, Any] | None:
    """What the process of the projections tells of itself; `None` while it does not."""
    probe = deps.optional.get("projections")
    if probe is None:
        return None
    try:
        async with asyncio.timeout(PROBE_S):
            return await probe()
    except Exception as error:  # noqa: BLE001 - whatever the probe meets, the process is away, and the page says so
        # One that is not well, as it waits for a key, has told what it waits for.
        return getattr(error, "parts", None)
