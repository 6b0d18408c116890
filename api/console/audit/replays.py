"""Pages of replays: whether read models are what the log says, and how far they are while they are folded anew."""

from typing import Any

from starlette.responses import Response

from muniment.api.console.operations.lag import model_rows, projections_told
from muniment.api.console.view import View, Viewing
from muniment.projections.registry import PROJECTIONS
from muniment.projections.replaying.underway import Underway


async def show_replays(view: Viewing) -> Response:
    """Every read model: its state, what the comparison with the log has shown, and replays that are under way."""
    return view.show("audit/models.html" if view.partial else "audit/replays.html", **await _models(view))


async def _models(view: View) -> dict[str, Any]:
    overview = view.deps.overview
    told = await projections_told(view.deps)
    found = await overview.under_way() if overview else []
    return {
        "models": model_rows(list(PROJECTIONS), told, await view.reads.lag()),
        "under_way": found,
        "percent": percent,
        "first": next(iter(PROJECTIONS)),
    }


def percent(one: Underway) -> int:
    """How much of the log is folded; full only when all of it is."""
    return min(100, one.done * 100 // one.total) if one.total else 0
