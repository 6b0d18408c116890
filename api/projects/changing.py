"""What every route of a change in a project does: have it decided, and answer with what it made of things."""

from typing import Annotated

from fastapi import Depends, Request, Response

from muniment.api.access import Writer
from muniment.api.dependencies import Deps
from muniment.api.project_reads.answers import Episode, Project
from muniment.api.projects.deciding import Decided, decided, gone, pending, seen
from muniment.api.projects.described import existing, existing_episode
from muniment.schemas.project_commands import (
    ArchiveEpisode,
    ArchiveProject,
    ChangeProjectDocuments,
    CreateEpisode,
    CreateProject,
    DeleteEpisode,
    DeleteProject,
    MoveEpisode,
    UpdateEpisode,
    UpdateProject,
)

OfProject = CreateProject | UpdateProject | ArchiveProject | ChangeProjectDocuments
OfEpisode = CreateEpisode | UpdateEpisode | MoveEpisode | ArchiveEpisode


class Changing:
    """Each raises `Problem` as `decided` does, and `not_found` for what is not there to be changed.

    Attributes:
        deps: The parts.
        who: On whose behalf.

    """

    def __init__(self, request: Request, response: Response, deps: Deps, who: Writer) -> None:
        self.deps, self.who = deps, who
        self._request, self._response = request, response

    async def project(self, command: OfProject) -> Project | Response:
        """The project as it is once that is decided; the 202 where it is not decided in time."""
        if isinstance(command, CreateProject):
            self._response.headers["Location"] = f"/v1/projects/{command.project_id}"
        else:
            await existing(self.deps, self.who, command.project_id)
        done = await self._decided(command)
        if done.decision is None:
            return pending(done)
        found = await existing(self.deps, self.who, command.project_id)
        seen(self._response, done, found.revision)
        return found

    async def episode(self, command: OfEpisode) -> Episode | Response:
        """The episode as it is once that is decided; the 202 where it is not decided in time."""
        await self._there(command)
        if isinstance(command, CreateEpisode):
            where = f"/v1/projects/{command.project_id}/episodes/{command.episode_id}"
            self._response.headers["Location"] = where
        done = await self._decided(command)
        if done.decision is None:
            return pending(done)
        found = await existing_episode(self.deps, self.who, command.project_id, command.episode_id)
        seen(self._response, done, found.revision)
        return found

    async def deleted(self, command: DeleteProject | DeleteEpisode) -> Response:
        """The 204 once that is decided; the 202 where it is not decided in time."""
        await self._there(command)
        return gone(await self._decided(command))

    async def _there(self, command: OfEpisode | DeleteProject | DeleteEpisode) -> None:
        if isinstance(command, CreateEpisode | DeleteProject):
            await existing(self.deps, self.who, command.project_id)
        else:
            await existing_episode(self.deps, self.who, command.project_id, command.episode_id)

    async def _decided(self, command: OfProject | OfEpisode | DeleteProject | DeleteEpisode) -> Decided:
        return await decided(self.deps, self.who, command, self._request.state.traceparent)


Change = Annotated[Changing, Depends()]
