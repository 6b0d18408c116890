"""Routes of the episodes of a project. Changes are answered once they are decided."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from muniment.api.access import Reader
from muniment.api.idempotency.ids import new_document_id
from muniment.api.paging import Cursor, Limit, listed
from muniment.api.project_reads.answers import Episode, Episodes
from muniment.api.projects.changing import Change
from muniment.api.projects.deciding import projects_of
from muniment.api.projects.described import (
    READ_ONE,
    TAGGED,
    Cascade,
    Reason,
    Then,
    change_docs,
    existing,
    existing_episode,
    known,
    known_to_writer,
)
from muniment.api.projects.matching import IfRevision
from muniment.api.projects.requests import EpisodeChange, EpisodeMove, NewEpisode
from muniment.schemas.project_commands import (
    AT_THE_END,
    ArchiveEpisode,
    CreateEpisode,
    DeleteEpisode,
    MoveEpisode,
    UpdateEpisode,
)

router = APIRouter(prefix="/v1/projects/{project_id}/episodes", tags=["projects"])
Changed = Episode | Response


@router.post(
    "",
    status_code=201,
    operation_id="createEpisode",
    summary="Begin an episode",
    response_model=Episode,
    responses=change_docs("archived", "too_many", done=201),
    dependencies=[known_to_writer],
)
async def create_episode(*, project_id: UUID, given: NewEpisode, change: Change) -> Changed:
    """At the end, or at `position` among those that are there."""
    command = CreateEpisode(
        project_id=project_id,
        episode_id=new_document_id(),
        title=given.title,
        brief=given.brief,
        position=AT_THE_END if given.position is None else given.position,
    )
    return await change.episode(command)


@router.get(
    "",
    operation_id="listEpisodes",
    summary="The episodes of a project, in their order",
    responses=READ_ONE,
    dependencies=[known],
)
async def list_episodes(
    *,
    project_id: UUID,
    deps: Then,
    who: Reader,
    archived: Annotated[bool | None, Query(description="Only those that are archived, or that are not")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Episodes:
    """Archived ones keep their place."""
    await existing(deps, who, project_id)
    page = await listed(
        projects_of(deps).episodes(who.tenant, project_id, archived=archived, limit=limit, cursor=cursor)
    )
    return Episodes(items=page.items, next_cursor=page.next_cursor)


@router.get(
    "/{episode_id}",
    operation_id="getEpisode",
    summary="One episode",
    responses={**TAGGED, **READ_ONE},
    dependencies=[known],
)
async def get_episode(project_id: UUID, episode_id: UUID, response: Response, deps: Then, who: Reader) -> Episode:
    """As it is now, or was as of another moment."""
    found = await existing_episode(deps, who, project_id, episode_id)
    response.headers["ETag"] = f'"{found.revision}"'
    return found


@router.patch(
    "/{episode_id}",
    operation_id="updateEpisode",
    summary="Change what an episode says of itself",
    response_model=Episode,
    responses=change_docs("revision_mismatch", "archived"),
    dependencies=[known_to_writer],
)
async def update_episode(
    *,
    project_id: UUID,
    episode_id: UUID,
    given: EpisodeChange,
    change: Change,
    if_revision: IfRevision,
) -> Changed:
    """Its title, its brief, or both."""
    command = UpdateEpisode(
        project_id=project_id, episode_id=episode_id, if_revision=if_revision, title=given.title, brief=given.brief
    )
    return await change.episode(command)


@router.post(
    "/{episode_id}/move",
    operation_id="moveEpisode",
    summary="Put an episode at another place",
    response_model=Episode,
    responses=change_docs("revision_mismatch", "archived"),
    dependencies=[known_to_writer],
)
async def move_episode(
    *,
    project_id: UUID,
    episode_id: UUID,
    given: EpisodeMove,
    change: Change,
    if_revision: IfRevision,
) -> Changed:
    """The others keep their order."""
    command = MoveEpisode(
        project_id=project_id, episode_id=episode_id, if_revision=if_revision, position=given.position
    )
    return await change.episode(command)


@router.post(
    "/{episode_id}/archive",
    operation_id="archiveEpisode",
    summary="Put an episode away",
    response_model=Episode,
    responses=change_docs("revision_mismatch", "archived"),
    dependencies=[known_to_writer],
)
async def archive_episode(*, project_id: UUID, episode_id: UUID, change: Change, if_revision: IfRevision) -> Changed:
    """It keeps its place, and is not changed until it is restored."""
    command = ArchiveEpisode(project_id=project_id, episode_id=episode_id, if_revision=if_revision, archived=True)
    return await change.episode(command)


@router.post(
    "/{episode_id}/restore",
    operation_id="restoreEpisode",
    summary="Take an archived episode up again",
    response_model=Episode,
    responses=change_docs("revision_mismatch", "archived"),
    dependencies=[known_to_writer],
)
async def restore_episode(*, project_id: UUID, episode_id: UUID, change: Change, if_revision: IfRevision) -> Changed:
    """With its drafts and its script."""
    command = ArchiveEpisode(project_id=project_id, episode_id=episode_id, if_revision=if_revision, archived=False)
    return await change.episode(command)


@router.delete(
    "/{episode_id}",
    status_code=204,
    operation_id="deleteEpisode",
    summary="Delete an episode",
    response_model=None,
    responses=change_docs("revision_mismatch", "archived", "not_empty", done=204),
    dependencies=[known_to_writer],
)
async def delete_episode(
    *,
    project_id: UUID,
    episode_id: UUID,
    change: Change,
    if_revision: IfRevision,
    cascade: Cascade = False,
    reason: Reason = "deleted on request",
) -> Response:
    """With `cascade` its drafts go with it, and those that are being written are ended."""
    command = DeleteEpisode(
        project_id=project_id, episode_id=episode_id, if_revision=if_revision, cascade=cascade, reason=reason
    )
    return await change.deleted(command)
