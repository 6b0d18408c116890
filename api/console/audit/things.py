"""How a project, an episode or a draft was after an event of its life: the slider of their timelines."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel
from starlette.responses import Response

from muniment.api.as_of import folded
from muniment.api.console.audit.scopes import also
from muniment.api.console.audit.stops import Stop, chosen, places, stops
from muniment.api.console.audit.telling import said
from muniment.api.console.view import View, Viewing
from muniment.api.keys import Scope
from muniment.api.problems.problem import Problem
from muniment.api.script_reads import rows
from muniment.projections.history.queries import Happened, Part

PARTS: dict[str, Part] = {"project": "project_id", "episode": "episode_id", "draft": "draft_id"}
EACH, PAGES = 200, 5
MOST = EACH * PAGES
"""Events of one thing that the slider leads along; older ones than these many."""
StopNumber = Annotated[int | None, Query(alias="stop", ge=0, le=MOST)]
_READ_MODELS: Mapping[str, Sequence[str]] = {
    "project": ("projects",),
    "episode": ("projects",),
    "draft": ("scripts", "projects"),
}
"""What each is shown from."""
_EPISODES = 200
"""Episodes of a project that are shown in their order; the last ones of more are not."""


async def then(view: View, kind: str, entity: UUID, number: int | None) -> dict[str, Any]:
    """What a page shows of a thing after the event of this number, the last without one."""
    happened = await _happened(view, kind, entity)
    found = stops(happened, every=True)
    stop = chosen(found, number)
    behind = stop is not None and not await there(view, happened, stop, *_READ_MODELS[kind])
    # All of an episode lies in its project, whose id is the key of each of its records.
    project_id = happened[0].entry.document_id if happened else entity
    facts = await _as_of(view, kind, project_id, entity, None if behind else stop)
    view.shown([one for one in facts.values() if isinstance(one, BaseModel)])
    told = {"stops": found, "stop": stop, "behind": behind, "most": MOST, "said": partial(said, view.t)}
    return told | facts


async def there(view: View, happened: Sequence[Happened], stop: Stop, *read_models: str) -> bool:
    """Whether these read models have what had happened by a stop; waits for it as long as other reads do.

    The history may be ahead of them: what they have then is an older state, or none.
    """
    try:
        await folded(view.deps, places(happened, stop), *read_models)
    except Problem as problem:
        if problem.code != "read_model_behind":
            raise
        return False
    return True


async def project_then(view: Viewing, project_id: UUID, stop: StopNumber = None) -> Response:
    """A project and its episodes, for the slider's script."""
    return await _show(view, "project", project_id, stop)


async def episode_then(view: Viewing, episode_id: UUID, stop: StopNumber = None) -> Response:
    """An episode, for the slider's script."""
    return await _show(view, "episode", episode_id, stop)


async def draft_then(view: Viewing, draft_id: UUID, stop: StopNumber = None) -> Response:
    """A draft with its text, for the slider's script."""
    return await _show(view, "draft", draft_id, stop)


async def _show(view: View, kind: str, entity: UUID, stop: int | None) -> Response:
    also(view, Scope.DOCUMENTS_READ)
    return view.show("audit/then_thing.html", kind=kind, entity=entity, **await then(view, kind, entity, stop))


async def _happened(view: View, kind: str, entity: UUID) -> list[Happened]:
    found: list[Happened] = []
    cursor = None
    for _ in range(PAGES):
        page = await view.reads.project_history(view.tenant, PARTS[kind], entity, limit=EACH, cursor=cursor)
        found += page.rows
        cursor = page.cursor
        if cursor is None:
            break
    return found


async def _as_of(view: View, kind: str, project_id: UUID, entity: UUID, stop: Stop | None) -> dict[str, Any]:
    if stop is None:
        return {"thing": None}
    deps, tenant = view.deps.as_of(stop.moment), view.tenant
    if kind == "draft" and deps.scripts is not None:
        row = await deps.scripts.draft(tenant, entity)
        if row is None:
            return {"thing": None}
        citations = await deps.scripts.citations(tenant, entity)
        return {"thing": rows.draft(row, citations, await deps.scripts.charges(tenant, entity))}
    if deps.projects is None:
        return {"thing": None}
    if kind == "episode":
        return {"thing": await deps.projects.episode(tenant, project_id, entity)}
    inside = await deps.projects.episodes(tenant, entity, archived=None, limit=_EPISODES, cursor=None)
    return {"thing": await deps.projects.project(tenant, entity), "episodes": inside.items}
