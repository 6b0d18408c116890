"""What is shown when a deed was decided against: what happened, what is there now, and what can be done."""

from http import HTTPStatus
from uuid import UUID

from starlette.responses import Response

from muniment.api.console.studio import stages
from muniment.api.console.troubles import told
from muniment.api.console.view import View
from muniment.api.problems.kinds import kind_of
from muniment.api.problems.problem import Problem
from muniment.api.projects.described import existing, existing_episode
from muniment.api.scripts import reading
from muniment.api.scripts.described import existing_version, scripts_of

_CONFLICTS = frozenset({HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED})


def conflict(problem: Problem) -> int:
    """The status of a problem that comes of what is there by now; raises the problem when it is another."""
    status = kind_of(problem.code)[1].status
    if status not in _CONFLICTS:
        raise problem
    return status


async def overtaken(
    view: View, problem: Problem, project_id: UUID, episode_id: UUID, draft_id: UUID, *, number: int | None = None
) -> Response:
    """The page of a draft that could not be settled; with `number`, of a version that could not count again."""
    status = conflict(problem)
    project = await existing(view.deps, view.who, project_id)
    episode = await existing_episode(view.deps, view.who, project_id, episode_id)
    draft = await reading.get_draft(draft_id, view.deps, view.who)
    counts = await existing_version(view.deps, view.who, project_id, episode_id, None) if episode.script else None
    lines = [await scripts_of(view.deps).lineage(view.tenant, one) for one in (draft_id, episode.script) if one]
    return view.show(
        "studio/overtaken.html",
        status=status,
        project=project,
        episode=episode,
        draft=draft,
        number=number,
        counts=counts,
        trouble=told(view, problem),
        moved=status == HTTPStatus.PRECONDITION_FAILED,
        mergeable=number is None and len(lines) > 1 and stages.ancestor(*lines) is not None,
    )
