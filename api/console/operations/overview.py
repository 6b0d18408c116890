"""The first page of operations: how things are at a glance, and what happened over time."""

from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from muniment.api import health
from muniment.api.console.operations import caches, lag
from muniment.api.console.operations.charts import RANGES, charts
from muniment.api.console.view import View, Viewing
from muniment.projections.registry import PROJECTIONS

OverTime = Annotated[str, Query(alias="range", pattern=f"^({'|'.join(RANGES)})$")]


async def show_overview(view: Viewing, over: OverTime = "day") -> Response:
    """What is waiting, halted, open or away now, and charts of what ended, each with a table that says the same."""
    overview, chosen, now = view.deps.overview, RANGES[over], view.now
    since, until = chosen.bounds(now)
    found = await overview.ended(view.tenant, since, until, chosen.span) if overview else []
    shown = charts(found, chosen, now)
    return view.show(
        "operations/overview.html",
        charts=shown,
        columns={
            chart.name: [view.t("operations.moment"), *(view.t.state("series", s.name) for s in chart.series)]
            for chart in shown
        },
        over=over,
        ranges=RANGES,
        since=since,
        until=min(until, now),
        span=chosen.span,
        **await _now(view),
    )


async def glance(view: Viewing) -> Response:
    """The figures of now alone, for the page's script."""
    return view.show("operations/now.html", **await _now(view))


async def _now(view: View) -> dict[str, Any]:
    told = await health.detailed(view.deps)
    overview = view.deps.overview
    cached, held = caches.here()
    still = await overview.still_open(view.tenant) if overview else []
    return {
        "health": told,
        "open_jobs": sum(one.jobs for one in still),
        "waiting_retry": sum(one.jobs for one in still if one.state == "waiting_retry"),
        "still_open": still,
        "cached": cached,
        "held": held,
    }


async def show_lag(view: Viewing) -> Response:
    """Records that wait for steps, in retry tiers and for read models."""
    found = await lag.steps_behind(view.deps)
    told = await lag.projections_told(view.deps)
    models = lag.model_rows(list(PROJECTIONS), told, await view.reads.lag())
    return view.show(
        "operations/behind.html" if view.partial else "operations/lag.html",
        steps=lag.step_rows(found) if found is not None else None,
        tiers=lag.tier_rows(found) if found is not None else None,
        models=models,
    )
