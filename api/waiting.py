"""Reads that wait for a position: the token in `Muniment-Position` (or `position`), at most `wait` seconds."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request

from muniment.api.access import Principal
from muniment.api.dependencies import Dependencies, dependencies_of
from muniment.api.position import HEADER, from_token
from muniment.api.problems.problem import Problem, from_validation
from muniment.schemas.record import Position

WAIT_MAX_S = 30
_PATTERN = "^[A-Za-z0-9_-]*$"
_HeaderToken = Annotated[
    str | None,
    Header(
        alias=HEADER,
        max_length=8000,
        pattern=_PATTERN,
        description="Position token of a change that this read has to see",
    ),
]
_QueryToken = Annotated[
    str | None, Query(max_length=8000, pattern=_PATTERN, description=f"The same as the header `{HEADER}`")
]
_Wait = Annotated[
    float | None,
    Query(
        ge=0,
        le=WAIT_MAX_S,
        description="Seconds to wait for the position before the answer is 503 (5 unless `MUNIMENT_READ_WAIT_S` says)",
    ),
]


def caught_up(projection: str, allowed: Callable[..., Awaitable[Principal]]) -> Any:
    """A dependency that holds a read back until `projection` has reached the caller's position.

    `allowed` comes first: nobody waits, or learns how far a projection is, without a key.

    When it does not in time, the answer is 503 `read_model_behind` with how far it is: an old answer that looks like a
    new one would be worse than none.
    """

    async def wait(
        *,
        request: Request,
        _: Annotated[Principal, Depends(allowed)],
        given: _HeaderToken = None,
        position: _QueryToken = None,
        wait: _Wait = None,
    ) -> None:
        token = given or position
        if not token:
            return
        try:
            positions = from_token(token)
        except ValueError:
            where = f"header.{HEADER}" if given else "query.position"
            raise from_validation([{"loc": (where,), "msg": "not a position token"}]) from None
        deps = dependencies_of(request)
        seconds = deps.settings.wait_default_s if wait is None else min(wait, deps.settings.wait_max_s)
        await not_behind(deps, projection, positions, seconds)

    return Depends(wait)


async def not_behind(
    deps: Dependencies, projection: str, positions: Sequence[Position], seconds: float | None = None
) -> None:
    """Wait until a projection has reached these positions; `Problem(read_model_behind)` when it does not in time."""
    patience = deps.settings.wait_default_s if seconds is None else seconds
    behind = await deps.reads.wait_for(projection, positions, patience)
    if behind is not None:
        facts = {
            "projection": behind.projection,
            "behind_records": behind.records,
            "reached_offset": behind.reached,
            "wanted_offset": behind.wanted,
            "waited_s": patience,
        }
        detail = f"{behind.projection} is {behind.records} records short of the position after {patience:g} s."
        raise Problem("read_model_behind", detail, headers={"Retry-After": "1"}, extra=facts)
