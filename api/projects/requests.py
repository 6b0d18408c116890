"""What can be asked for about projects and episodes, and the limits of it."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, model_validator

from muniment.api.answers import DOCUMENT_ID
from muniment.api.numbers import NUMBER
from muniment.api.texts import NO_NUL
from muniment.schemas.project_commands import MOST_DOCUMENTS

# A title that is blank is none.
Title = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*[^\x00\s][^\x00]*$")]
Words = Annotated[str, StringConstraints(max_length=10_000, pattern=NO_NUL)]
Some = Annotated[list[UUID], Field(default_factory=list, max_length=MOST_DOCUMENTS)]
Place = Annotated[int, Field(ge=0, le=1_000_000, description="From 0; beyond the last is at the end"), NUMBER]
_AT_LEAST_ONE: JsonValue = [{"required": ["add"]}, {"required": ["remove"]}]


class NewProject(BaseModel):
    """A project to begin."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"title": "The tides", "description": "Six episodes on the sea"}]},
    )

    title: Title
    description: Words = ""


class ProjectChange(BaseModel):
    """What a project says of itself from now on; what is left out, or `null`, stays as it is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"title": "The tides"}]})

    title: Title | None = None
    description: Words | None = None


class DocumentsChange(BaseModel):
    """Documents that go into a project, and those that go out of it; at most 1,000 of each."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"add": [DOCUMENT_ID]}], "anyOf": _AT_LEAST_ONE}
    )

    add: Some
    remove: Some

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("name documents to `add` or to `remove`")
        return self


class NewEpisode(BaseModel):
    """An episode to begin, at the end unless `position` says where."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"title": "How the moon pulls", "brief": "Why there are two tides a day"}]},
    )

    title: Title
    brief: Words = Field(default="", description="What its script is to be about")
    position: Place | None = None


class EpisodeChange(BaseModel):
    """What an episode says of itself from now on; what is left out, or `null`, stays as it is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"brief": "Why there are two tides"}]})

    title: Title | None = None
    brief: Words | None = None


class EpisodeMove(BaseModel):
    """Where an episode goes, counted among the others."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"position": 0}]})

    position: Place
