"""Pages of episodes: beginning one, what it says of itself, its place among the others, and its end."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from starlette.responses import Response

from muniment.api.console.checking import checked
from muniment.api.console.studio import addresses
from muniment.api.console.studio.conflicts import conflict
from muniment.api.console.studio.forms import changing, sent, toast_of
from muniment.api.console.troubles import told
from muniment.api.console.view import View, Viewing
from muniment.api.problems.problem import Problem
from muniment.api.project_reads.answers import Episode
from muniment.api.projects import episodes as routes
from muniment.api.projects.described import existing, existing_episode
from muniment.api.projects.requests import EpisodeChange, EpisodeMove, NewEpisode

AT_ONCE = 200


async def in_order(view: View, project_id: UUID) -> list[Episode]:
    """All episodes of a project, of which there are a thousand at most: their order is one."""
    found, cursor = list[Episode](), None
    while True:
        page = await routes.list_episodes(
            project_id=project_id, deps=view.deps, who=view.who, limit=AT_ONCE, cursor=cursor
        )
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found


async def new_episode(view: Viewing, project_id: UUID) -> Response:
    """The form for a new one."""
    project = await existing(view.deps, view.who, project_id)
    facts: dict[str, Any] = {"project": project, "episode": None, "given": {}, "conflict": None, "trouble": None}
    return view.show("studio/episode_form.html", **facts)


async def create(view: Viewing, project_id: UUID) -> Response:
    """Begin an episode at the end of the project, and go to it."""
    form = await sent(view)
    with checked():
        given = NewEpisode(title=form.line("title"), brief=form.text("brief").strip())
    try:
        made = await routes.create_episode(
            project_id=project_id,
            given=given,
            change=changing(view),
        )
    except Problem as problem:
        facts: dict[str, Any] = {
            "project": await existing(view.deps, view.who, project_id),
            "trouble": told(view, problem),
        }
        facts |= {"episode": None, "given": given.model_dump(), "conflict": None}
        return view.show("studio/episode_form.html", status=conflict(problem), **facts)
    if not isinstance(made, Episode):
        return view.go(addresses.project(project_id), toast="studio_on_its_way")
    return view.go(addresses.episode(project_id, made.episode_id), toast="studio_episode_created")


async def edit_episode(view: Viewing, project_id: UUID, episode_id: UUID) -> Response:
    """The form of what it says of itself."""
    return await _form(view, project_id, episode_id)


async def update(view: Viewing, project_id: UUID, episode_id: UUID) -> Response:
    """Change it. When somebody else has changed it meanwhile, show both readings and have one chosen."""
    form = await sent(view)
    given = {"title": form.line("title"), "brief": form.text("brief").strip()}
    with checked():
        change = EpisodeChange.model_validate(given)
    try:
        answer = await routes.update_episode(
            given=change, if_revision=form.revision, **_asked(view, project_id, episode_id)
        )
    except Problem as problem:
        return await _form(view, project_id, episode_id, given, problem)
    return view.go(addresses.episode(project_id, episode_id), toast=toast_of(answer, "studio_saved"))


async def move(view: Viewing, project_id: UUID, episode_id: UUID) -> Response:
    """Put it at another place; the answer is the list in its new order."""
    form = await sent(view)
    with checked():
        given = EpisodeMove.model_validate({"position": form.number("position")})
    await routes.move_episode(given=given, if_revision=-1, **_asked(view, project_id, episode_id))
    if not view.partial:
        return view.go(addresses.project(project_id))
    found = await in_order(view, project_id)
    project = await existing(view.deps, view.who, project_id)
    moved = next((one for one in found if one.episode_id == episode_id), None)
    return view.show("studio/episode_list.html", project=project, episodes=found, moved=moved)


async def archive(view: Viewing, project_id: UUID, episode_id: UUID) -> Response:
    """Put it away, or take it up again, as the form says."""
    away = (await sent(view)).line("archived") == "true"
    do = routes.archive_episode if away else routes.restore_episode
    answer = await do(if_revision=-1, **_asked(view, project_id, episode_id))
    toast = "studio_archived" if away else "studio_taken_up"
    return view.go(addresses.episode(project_id, episode_id), toast=toast_of(answer, toast))


async def plan_delete(view: Viewing, project_id: UUID, episode_id: UUID) -> Response:
    """What would go with it."""
    return await _planned(view, project_id, episode_id)


async def delete(view: Viewing, project_id: UUID, episode_id: UUID) -> Response:
    """Remove it, with its drafts only where the form says so."""
    form = await sent(view)
    given = {"reason": form.line("reason")[:500]} if form.line("reason") else {}
    try:
        answer = await routes.delete_episode(
            project_id=project_id,
            episode_id=episode_id,
            change=changing(view),
            if_revision=form.revision,
            cascade=form.line("cascade") == "true",
            **given,
        )
    except Problem as problem:
        return await _planned(view, project_id, episode_id, problem)
    return view.go(addresses.project(project_id), toast=toast_of(answer, "studio_episode_deleted"))


async def _planned(view: View, project_id: UUID, episode_id: UUID, problem: Problem | None = None) -> Response:
    status = conflict(problem) if problem else 200
    project = await existing(view.deps, view.who, project_id)
    episode = await existing_episode(view.deps, view.who, project_id, episode_id)
    trouble = told(view, problem) if problem else None
    return view.show("studio/episode_delete.html", status=status, project=project, episode=episode, trouble=trouble)


def _asked(view: Viewing, project_id: UUID, episode_id: UUID) -> dict[str, Any]:
    return {"project_id": project_id, "episode_id": episode_id, "change": changing(view)}


async def _form(
    view: View,
    project_id: UUID,
    episode_id: UUID,
    given: dict[str, str] | None = None,
    problem: Problem | None = None,
) -> Response:
    status = conflict(problem) if problem else 200
    project = await existing(view.deps, view.who, project_id)
    found = await existing_episode(view.deps, view.who, project_id, episode_id)
    return view.show(
        "studio/episode_form.html",
        status=status,
        project=project,
        episode=found,
        given=given or {"title": found.title, "brief": found.brief},
        conflict=found if status == HTTPStatus.PRECONDITION_FAILED else None,
        trouble=told(view, problem) if problem else None,
    )
