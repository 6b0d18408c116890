"""The shapes of answers about projects and episodes."""

from datetime import datetime
from uuid import UUID

from pydantic import ConfigDict, Field

from muniment.api.answers import DOCUMENT_ID, MOMENT, TOKEN, Answer

PROJECT_ID = "7d7a6c0e-52d3-4f3a-8f0f-3c9d1f0b6a11"
EPISODE_ID = "b6f1a2c4-0d3e-4b58-9c27-61f5e8a7d902"
COMMAND_ID = "01970f60-1b2c-7d3e-9a4b-5c6d7e8f9a0b"


class Project(Answer):
    """A project. `revision` is what `ETag` says, and what `If-Match` is compared with."""

    project_id: UUID
    title: str
    description: str
    revision: int
    archived: bool
    documents: int = Field(description="How many documents are in it")
    episodes: int = Field(description="How many episodes it has")
    created_by: str
    created_at: datetime
    updated_at: datetime = Field(description="When anything in it was changed last")


class Projects(Answer):
    """A page of projects, newest first."""

    items: list[Project]
    next_cursor: str | None = None


class Episode(Answer):
    """An episode of a project, at its `place` from 0. `revision` is what `ETag` says."""

    project_id: UUID
    episode_id: UUID
    title: str
    brief: str = Field(description="What its script is to be about")
    revision: int
    archived: bool
    place: int
    script: UUID | None = Field(description="The draft that is its script now")
    number: int = Field(description="How often a draft was committed: the number of the script's version")
    created_by: str
    created_at: datetime
    updated_at: datetime


class Episodes(Answer):
    """A page of the episodes of a project, in their order."""

    items: list[Episode]
    next_cursor: str | None = None


class ProjectDocument(Answer):
    """A document in a project; what describes it is `null` while it is on its way, and once it is deleted."""

    document_id: UUID
    added_at: datetime
    title: str | None
    file_name: str | None
    status: str | None
    media_type: str | None


class ProjectDocuments(Answer):
    """A page of the documents of a project, the last ones added first."""

    items: list[ProjectDocument]
    next_cursor: str | None = None


class Pending(Answer):
    """A command is on the log, and what was decided did not show in time: ask for it at `Location`."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"command_id": COMMAND_ID, "project_id": PROJECT_ID, "position": TOKEN}]}
    )

    command_id: UUID
    project_id: UUID
    position: str = Field(description="Send it as `Muniment-Position` with a read that has to see this change")


class Decision(Answer):
    """What became of a command about a project, an episode or a draft.

    `event` is the fact that it led to; where it was decided against, `code` says why and nothing was changed.
    """

    command_id: UUID
    project_id: UUID
    episode_id: UUID | None
    draft_id: UUID | None
    event: str
    code: str
    revision: int = Field(description="Of the project or episode, after it")
    at: datetime


class Happened(Answer):
    """Something that happened to a project, an episode or a draft: the fact on the log, without its texts.

    `offset` is its place in the project's order; `number` is that of a script's version, `code` why there is nothing.
    """

    event_id: UUID
    offset: int
    event: str
    episode_id: UUID | None
    draft_id: UUID | None
    job_id: UUID | None
    revision: int | None
    number: int | None
    code: str | None
    actor: str
    at: datetime


_PROJECT = {
    "project_id": PROJECT_ID,
    "title": "The tides",
    "description": "Six episodes on the sea",
    "revision": 2,
    "archived": False,
    "documents": 12,
    "episodes": 6,
    "created_by": "key:0dk6m8a6ic4o",
    "created_at": MOMENT,
    "updated_at": MOMENT,
}
_EPISODE = {
    "project_id": PROJECT_ID,
    "episode_id": EPISODE_ID,
    "title": "How the moon pulls",
    "brief": "Why there are two tides a day",
    "revision": 1,
    "archived": False,
    "place": 0,
    "script": None,
    "number": 0,
    "created_by": "key:0dk6m8a6ic4o",
    "created_at": MOMENT,
    "updated_at": MOMENT,
}
_MEMBER = {
    "document_id": DOCUMENT_ID,
    "added_at": MOMENT,
    "title": "Leave policy",
    "file_name": "leave.md",
    "status": "indexed",
    "media_type": "text/markdown",
}
EXAMPLES = {
    "Project": _PROJECT,
    "Projects": {"items": [_PROJECT], "next_cursor": None},
    "Episode": _EPISODE,
    "Episodes": {"items": [_EPISODE], "next_cursor": None},
    "ProjectDocument": _MEMBER,
    "ProjectDocuments": {"items": [_MEMBER], "next_cursor": None},
    "Decision": {
        "command_id": COMMAND_ID,
        "project_id": PROJECT_ID,
        "episode_id": None,
        "draft_id": None,
        "event": "ProjectUpdated",
        "code": "",
        "revision": 2,
        "at": MOMENT,
    },
}
"""By the name of the schema."""
ELSEWHERE = {("/v1/projects/{project_id}/events", "Last-Event-ID"): "42~AdDrg5agNAIAAQNWAQED4AEA"}
PARAMETERS: dict[str, object] = {
    "project_id": PROJECT_ID,
    "episode_id": EPISODE_ID,
    "command_id": COMMAND_ID,
    "archived": False,
    "cascade": True,
    "If-Match": '"2"',
}
