"""What can be submitted, and the limits of what describes it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal, Protocol
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from muniment.api.texts import NO_NUL, Metadata, Subject
from muniment.schemas.file_names import clean_name
from muniment.schemas.web_address import LONGEST, parse

Lane = Literal["interactive", "normal", "bulk"]
Title = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=NO_NUL)]
FileName = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00/\\]+$")]

_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
ADDRESS = rf"^https?://{_LABEL}(\.{_LABEL}){{0,3}}(:[1-9][0-9]{{0,3}})?(/[!$-;=@-Z_a-z~]*)?(\?[!$-;=?-Z_a-z~]*)?$"
"""Addresses in their plainest form, for the OpenAPI document; names and paths in any script are taken, too."""
PIECE = 256 * 1024


class Content(Protocol):
    """The bytes of a submission, readable once, wherever they are spooled."""

    def pieces(self) -> AsyncIterator[bytes]:
        """The bytes in pieces."""
        ...


class Description(BaseModel):
    """What the caller says about a document."""

    model_config = ConfigDict(extra="forbid")

    title: Title | None = Field(default=None, description="Shown instead of the title found in the document")
    metadata: Metadata = Field(default_factory=dict, description="Names and values to filter by", max_length=64)
    document_id: UUID | None = Field(
        default=None, description="Taken for a new document, or names the document of which this is the next version"
    )
    subject: Subject | None = Field(
        default=None, description="The person it is about, under a name of yours; kept as a keyed hash, off the log"
    )
    project_id: UUID | None = Field(default=None, description="The project that it goes into")
    lane: Lane = Field(default="normal", description="How urgent it is; kept with the job")


class TextSubmission(Description):
    """A document given as text."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "text": "# Leave\n\nEveryone has 25 days of leave a year.",
                    "title": "Leave policy",
                    "file_name": "leave.md",
                    "metadata": {"project": "handbook"},
                }
            ]
        },
    )

    text: Annotated[str, StringConstraints(min_length=1, pattern=NO_NUL)] = Field(description="The whole text")
    file_name: FileName = Field(
        default="document.txt", description="Its ending says how the text is read: `.md`, `.html`, …"
    )


class UrlSubmission(Description):
    """A document that lies at a web address."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"url": "https://example.org/leave.pdf", "title": "Leave policy"}]},
    )

    url: str = Field(
        description="Fetched once the command is decided; only from the public web",
        json_schema_extra={"pattern": ADDRESS, "maxLength": LONGEST},
    )

    @field_validator("url")
    @classmethod
    def _is_one(cls, value: str) -> str:
        parse(value)
        return value


@dataclass(frozen=True, slots=True)
class Submission:
    """A document on its way in."""

    content: Content
    file_name: str
    source: str
    about: Description = field(default_factory=Description)

    def of(self, document_id: UUID) -> "Submission":
        """The same, as the next version of this document."""
        return replace(self, about=self.about.model_copy(update={"document_id": document_id}))


@dataclass(frozen=True, slots=True)
class Link:
    """A document that is to be fetched."""

    url: str
    about: Description = field(default_factory=Description)

    @property
    def file_name(self) -> str:
        """What it may be called, as far as its address says."""
        address = parse(self.url)
        return clean_name(address.target.partition("?")[0], default=address.host)

    def of(self, document_id: UUID) -> "Link":
        """The same, as the next version of this document."""
        return replace(self, about=self.about.model_copy(update={"document_id": document_id}))


@dataclass(frozen=True, slots=True)
class TextContent:
    """Bytes that are in memory already."""

    data: bytes

    async def pieces(self) -> AsyncIterator[bytes]:
        """See `Content.pieces`."""
        for start in range(0, len(self.data), PIECE):
            yield self.data[start : start + PIECE]


@dataclass(frozen=True, slots=True)
class SpooledContent:
    """An uploaded file: in memory while small, in an unnamed temporary file beyond that."""

    upload: Any

    async def pieces(self) -> AsyncIterator[bytes]:
        """See `Content.pieces`."""
        await self.upload.seek(0)
        while piece := await self.upload.read(PIECE):
            yield piece


def of_url(given: UrlSubmission) -> Link:
    """The submission that a JSON body with an address is."""
    return Link(given.url, given)


def of_text(given: TextSubmission) -> Submission:
    """The submission that a JSON body is."""
    return Submission(TextContent(given.text.encode()), given.file_name, "text", given)
