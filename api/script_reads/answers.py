"""The shapes of answers about drafts and scripts."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from muniment.api.answers import JOB_ID, TOKEN, Answer

DRAFT_ID = "3f8e1c52-7b1d-4a0e-9a66-0d5c1f2b7e44"
Standing = Literal["active", "replaced", "deleted", "erased", "unknown", "nowhere"]
_STANDING = Field(
    description="What has become of the version: `active` (search sees it), `replaced` by a later one, `deleted`, "
    "`erased`, `unknown` (not there, or not yet); `nowhere`: the mark leads to no document"
)


class DraftAccepted(Answer):
    """A draft is going to be written: follow its job, or its text as it comes (`/v1/drafts/{draft_id}/events`)."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"job_id": JOB_ID, "draft_id": DRAFT_ID, "position": TOKEN}]}
    )

    job_id: UUID
    draft_id: UUID
    position: str = Field(description="Send it as `Muniment-Position` with a read that has to see this change")


class DraftSummary(Answer):
    """A draft without its text.

    `state` is `requested`, `prompted` (a model is writing), `written`, `failed`, `refused`, `cancelled`, `discarded` or
    `erased` (it went back to a document that had to be forgotten).
    """

    draft_id: UUID
    project_id: UUID
    episode_id: UUID
    job_id: UUID | None
    kind: str = Field(description="`generated`, or `revised` by a person")
    state: str
    code: str | None = Field(description="Why nothing came of it")
    based_on: UUID | None = Field(description="The draft that it was made from")
    numbers: list[int] = Field(description="The versions of the episode's script that it was, or is")
    current: bool = Field(description="Whether it is the episode's script")
    checked: bool = Field(description="Whether its citations were held against what they cite")
    language: str | None
    template: str | None
    template_version: int | None
    provider: str | None
    model: str | None
    prompt_tokens: int | None = Field(description="As counted before the model was called")
    memory_tokens: int | None = Field(description="Of those, tokens of passages")
    window_tokens: int | None
    tokens_in: int | None = Field(description="Read by models for it, over all calls that were paid for")
    tokens_out: int | None = Field(description="Written by them, likewise")
    cost_micros: int | None = Field(
        description="What all these calls cost, also those that no draft came of; millionths of the currency unit"
    )
    first_token_ms: int | None
    written_ms: int | None
    finish_reason: str | None
    requested_by: str
    requested_at: datetime
    ended_at: datetime | None
    erased_at: datetime | None


class Drafts(Answer):
    """A page of drafts, newest first."""

    items: list[DraftSummary]
    next_cursor: str | None = None


class Citation(Answer):
    """A mark `[n]` of a text, and what it leads to."""

    number: int
    document_id: UUID | None
    title: str | None
    file_name: str | None
    version: int
    ordinal: int = Field(description="The chunk within the version")
    page: int | None
    start: int = Field(description="Where the passage begins in the document's original text, in characters")
    end: int
    said_from: int = Field(description="Where the sentence that it stands for begins in the draft's text")
    said_to: int
    holds: bool = Field(description="Whether the passage says what the sentence says")
    standing: Standing = _STANDING
    passage: str | None = Field(description="Address of the passage")


class Charge(Answer):
    """A call of a model that was paid for and whose answer the draft is not.

    `code` is `model_refused`, `broken_off` (cancelled, cut, killed or erased before its end), `overtaken` (another
    answer was there first), or `too_late` (the draft had ended before).
    """

    attempt: int
    provider: str
    model: str
    code: str
    tokens_in: int
    tokens_out: int
    cost_micros: int
    estimated: bool = Field(description="The tokens were counted here: the provider did not get to tell them")
    charged_at: datetime
    position: str = Field(description="Where that lies on the log: topic, partition, offset")


class Draft(DraftSummary):
    """A draft with its text and citations; both are empty until it is written, and once it is erased."""

    brief: str | None
    text: str | None
    reason: str | None = Field(description="Why it was cancelled or discarded")
    citations: list[Citation]
    charges: list[Charge] = Field(description="Calls of models within its cost that it did not come of")


class Passage(Answer):
    """A passage that was put before the model, with its text as long as that is kept."""

    number: int
    document_id: UUID
    title: str | None
    file_name: str | None
    version: int
    ordinal: int
    page: int | None
    start: int
    end: int
    tokens: int
    score: float
    vector_rank: int | None
    words_rank: int | None
    standing: Standing = _STANDING
    heading: str | None = None
    text: str | None = None


class Source(Answer):
    """A version of a document that a draft goes back to."""

    document_id: UUID
    title: str | None
    file_name: str | None
    version: int = Field(description="0 where only the document is known")
    active_version: int | None = Field(description="The one that search sees now")
    standing: Standing = _STANDING
    inherited: bool = Field(description="It comes from the drafts that this one was made from")
    passages: int = Field(description="Passages of it that the model was given")
    cited: int = Field(description="Marks in the text that lead to it")
    holding: int = Field(description="Those of them that hold")


class Sources(Answer):
    """The documents that a draft goes back to, those that it cites most first; and the drafts that it was made from."""

    items: list[Source]
    drafts: list[UUID] = Field(description="What it was made from, nearest first")


class DocumentScript(Answer):
    """A draft that goes back to a document, and how."""

    draft: DraftSummary
    version: int
    active_version: int | None
    standing: Standing = _STANDING
    inherited: bool
    passages: int
    cited: int
    holding: int


class DocumentScripts(Answer):
    """A page of the drafts that go back to a document, newest first."""

    items: list[DocumentScript]
    next_cursor: str | None = None


class ScriptVersion(Answer):
    """A version of an episode's script: the draft that was committed, by whom and when."""

    number: int
    draft_id: UUID
    revision: int = Field(description="Of the episode, after it")
    committed_by: str
    committed_at: datetime
    position: str = Field(description="Where that lies on the log: topic, partition, offset")
    state: str | None = Field(description="Of the draft")
    kind: str | None
    based_on: UUID | None
    written_by: str | None = Field(description="Who asked for the draft, or wrote it")


class ScriptVersions(Answer):
    """The versions of an episode's script, newest first."""

    items: list[ScriptVersion]
    next_cursor: str | None = None


class Script(ScriptVersion):
    """A version of an episode's script with its text."""

    text: str | None
    citations: list[Citation]


class Piece(Answer):
    """A stretch of text that is the same, or only in the one, or only in the other."""

    op: Literal["same", "removed", "added"]
    text: str


class Hunk(Answer):
    """Changed lines that stand close to one another, with those around them; by lines, and by words."""

    old_start: int
    old_lines: int
    new_start: int
    new_lines: int
    lines: list[Piece]
    words: list[Piece]
    unmatched: bool = Field(
        description="Some of it is shown as replaced as a whole: the texts are too long and too alike to be compared "
        "line by line in reasonable time"
    )


class Difference(Answer):
    """What leads from one draft to another."""

    old: UUID
    new: UUID
    hunks: list[Hunk]


class Region(Answer):
    """A stretch of three texts.

    `kind` says whose reading is taken: `same` (nobody changed it), `theirs`, `yours`, `both` (the same change), or
    none: a `conflict`.
    """

    kind: Literal["same", "theirs", "yours", "both", "conflict"]
    base: str
    theirs: str
    yours: str


class Merge(Answer):
    """Two drafts put together over the one that both come from; `text` is missing as long as there are conflicts."""

    base: UUID
    theirs: UUID
    yours: UUID
    conflicts: int
    text: str | None
    regions: list[Region]
