"""What can be asked for about drafts, and the limits of it."""

from collections.abc import Iterable
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema

from muniment.api.numbers import NUMBER
from muniment.api.texts import NO_NUL
from muniment.producers.writing.templates.registry import LANGUAGES, templates

TEXT_MOST = 200_000
"""Characters of a draft: what a person may make of one fits into a record in any script."""
Text = Annotated[str, StringConstraints(min_length=1, max_length=TEXT_MOST, pattern=NO_NUL)]
Brief = Annotated[str, StringConstraints(max_length=10_000, pattern=NO_NUL)]
Because = Annotated[str, StringConstraints(max_length=500, pattern=NO_NUL)]
Template = Annotated[
    str,
    AfterValidator(lambda name: _one_of(name, templates())),
    WithJsonSchema({"type": "string", "enum": [*templates()]}),
]
Language = Annotated[
    str, AfterValidator(lambda name: _one_of(name, LANGUAGES)), WithJsonSchema({"type": "string", "enum": [*LANGUAGES]})
]
DOCUMENTS_MOST = 1_000


def _one_of(name: str, known: Iterable[str]) -> str:
    if name not in known:
        raise ValueError(f"one of {', '.join(known)}")
    return name


class NewDraft(BaseModel):
    """A draft to be written."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"brief": "How leave is granted, for newcomers", "language": "en"}]},
    )

    brief: Brief = Field(default="", description="What it is to be about; empty: the episode's brief")
    template: Template = Field(default="script", description="How it is to be written")
    language: Language = Field(default="en", description="What it is to be written in (ISO 639)")
    max_tokens: Annotated[int, Field(ge=1, le=32_000, description="Of the text, at most"), NUMBER] = 2_000
    temperature: Annotated[float, Field(ge=0, le=2, allow_inf_nan=False), NUMBER] = 0.2
    seed: Annotated[int, Field(ge=0, lt=2**31), NUMBER] | None = None
    document_ids: Annotated[
        list[UUID], Field(max_length=DOCUMENTS_MOST, description="Only from these of the project's documents")
    ] = []


class Revision(BaseModel):
    """A text that a person has made of a draft."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"text": "Everyone has 25 days of leave a year [1]."}]}
    )

    text: Text


class Discard(BaseModel):
    """Why a draft is put away."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "the other one is better"}]})

    reason: Because = Field(default="", description="Kept on the log, sealed")


class Restore(BaseModel):
    """The version of the script that counts again."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"number": 1}]})

    number: Annotated[int, Field(ge=1, lt=2**31), NUMBER]
