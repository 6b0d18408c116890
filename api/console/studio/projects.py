"""Pages of projects: which there are, what is in one, and what can be done with it."""

from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from muniment.api.console.checking import checked
from muniment.api.console.studio import addresses
from muniment.api.console.studio.conflicts import conflict
from muniment.api.console.studio.episodes import in_order
from muniment.api.console.studio.forms import changing, sent, toast_of
from muniment.api.console.troubles import told
from muniment.api.console.view import View, Viewing
from muniment.api.problems.problem import Problem
from muniment.api.project_reads.answers import Project
from muniment.api.projects import members as member_routes
from muniment.api.projects import routes
from muniment.api.projects.described import existing
from muniment.api.projects.requests import NewProject, ProjectChange

SHOWN = 24
"""Projects on a page."""
DOCUMENTS = 50
WHICH = {"": False, "archived": True, "all": None}
"""Choices of the filter, and what each asks for."""
Word = Annotated[str, Query(max_length=200)]
Chosen = Annotated[str, Query(max_length=20)]


async def show_projects(view: Viewing, q: Word = "", which: Chosen = "", cursor: Word = "") -> Response:
    """The list, by what is in the title; archived ones only when they are asked for."""
    page = await routes.list_projects(
        deps=view.deps,
        who=view.who,
        archived=WHICH.get(which, False),
        q=q.replace("\0", "").strip() or None,
        limit=SHOWN,
        cursor=cursor or None,
    )
    kept = {"q": q, "which": which}
    return view.show("studio/projects.html", page=page, kept=kept, cursor=cursor, which=list(WHICH))


async def new_project(view: Viewing) -> Response:
    """The form for a new one."""
    return view.show("studio/project_form.html", project=None, given={}, conflict=None, trouble=None)


async def create(view: Viewing) -> Response:
    """Begin a project, and go to it."""
    form = await sent(view)
    with checked():
        given = NewProject(title=form.line("title"), description=form.text("description").strip())
    made = await routes.create_project(given, changing(view))
    if not isinstance(made, Project):
        return view.go(addresses.STUDIO, toast="studio_on_its_way")
    return view.go(addresses.project(made.project_id), toast="studio_project_created")


async def show_project(view: Viewing, project_id: UUID, cursor: Word = "") -> Response:
    """What it says of itself, its episodes in their order, and its documents."""
    project = await existing(view.deps, view.who, project_id)
    documents = await member_routes.list_documents(
        project_id=project_id, deps=view.deps, who=view.who, limit=DOCUMENTS, cursor=cursor or None
    )
    view.shown(documents.items)
    return view.show(
        "studio/project.html",
        project=project,
        episodes=await in_order(view, project_id),
        documents=documents,
        cursor=cursor,
    )


async def edit_project(view: Viewing, project_id: UUID) -> Response:
    """The form of what it says of itself."""
    project = await existing(view.deps, view.who, project_id)
    given = {"title": project.title, "description": project.description}
    return view.show("studio/project_form.html", project=project, given=given, conflict=None, trouble=None)


async def update(view: Viewing, project_id: UUID) -> Response:
    """Change it. When somebody else has changed it meanwhile, show both readings and have one chosen."""
    form = await sent(view)
    given = {"title": form.line("title"), "description": form.text("description").strip()}
    with checked():
        change = ProjectChange.model_validate(given)
    try:
        answer = await routes.update_project(
            project_id=project_id,
            given=change,
            change=changing(view),
            if_revision=form.revision,
        )
    except Problem as problem:
        status, theirs = conflict(problem), await existing(view.deps, view.who, project_id)
        facts: dict[str, Any] = {"project": theirs, "given": given, "trouble": told(view, problem)}
        facts["conflict"] = theirs if status == HTTPStatus.PRECONDITION_FAILED else None
        return view.show("studio/project_form.html", status=status, **facts)
    return view.go(addresses.project(project_id), toast=toast_of(answer, "studio_saved"))


async def archive(view: Viewing, project_id: UUID) -> Response:
    """Put it away, or take it up again, as the form says."""
    away = (await sent(view)).line("archived") == "true"
    do = routes.archive_project if away else routes.restore_project
    answer = await do(
        project_id=project_id,
        change=changing(view),
        if_revision=-1,
    )
    return view.go(
        addresses.project(project_id), toast=toast_of(answer, "studio_archived" if away else "studio_taken_up")
    )


async def plan_delete(view: Viewing, project_id: UUID) -> Response:
    """What would go with it, and what stays."""
    project = await existing(view.deps, view.who, project_id)
    return view.show("studio/project_delete.html", project=project, trouble=None)


async def delete(view: Viewing, project_id: UUID) -> Response:
    """Remove it, with its episodes only where the form says so."""
    form = await sent(view)
    try:
        answer = await _delete(
            view, project_id, form.revision, cascade=form.line("cascade") == "true", reason=form.line("reason")
        )
    except Problem as problem:
        status, project = conflict(problem), await existing(view.deps, view.who, project_id)
        facts: dict[str, Any] = {"project": project, "trouble": told(view, problem)}
        return view.show("studio/project_delete.html", status=status, **facts)
    return view.go(addresses.STUDIO, toast=toast_of(answer, "studio_project_deleted"))


async def _delete(view: View, project_id: UUID, revision: int, *, cascade: bool, reason: str) -> Response:
    given = {"reason": reason[:500]} if reason else {}
    return await routes.delete_project(
        project_id=project_id,
        change=changing(view),
        if_revision=revision,
        cascade=cascade,
        **given,
    )
