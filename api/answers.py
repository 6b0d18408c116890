"""The shapes of answers. What a field is called here is public and stays."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

DOCUMENT_ID = "2f6c9d0e-4f0b-4a57-9a36-0d2f5cf6a2f1"
JOB_ID = "01970f5e-6c1b-7c3e-8f57-5d1c9a2b7e10"
TOKEN = "bXVuaW1lbnQuY29tbWFuZHMuZG9jdW1lbnRzOjM6NDI"  # noqa: S105 - a position, no secret
MOMENT = "2026-11-22T10:15:30.123Z"


class Answer(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(from_attributes=True)


class Accepted(Answer):
    """A command is on the log. What comes of it shows in the job."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"job_id": JOB_ID, "document_id": DOCUMENT_ID, "position": TOKEN}]}
    )

    job_id: UUID
    document_id: UUID | None = Field(default=None, description="What it is about, unless that is a draft")
    position: str = Field(description="Send it as `Muniment-Position` with a read that has to see this change")


class WhoAmI(Answer):
    """On whose behalf the key acts, and what it may do."""

    tenant: str = Field(examples=["default"])
    key_id: str
    scopes: list[str] = Field(examples=[["documents:read", "search"]])


class ItemProblem(Answer):
    """Why one item of a batch was not accepted."""

    code: str
    detail: str
    what_to_do: str


class BatchItem(Answer):
    """What became of one item; either `job_id`, `document_id` and `position` are set, or `problem` is."""

    index: int
    file_name: str
    job_id: UUID | None = None
    document_id: UUID | None = None
    position: str | None = None
    problem: ItemProblem | None = None


class Batch(Answer):
    """What became of each item of a batch, in its order."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "accepted": 1,
                    "position": TOKEN,
                    "items": [
                        {
                            "index": 0,
                            "file_name": "leave.md",
                            "job_id": JOB_ID,
                            "document_id": DOCUMENT_ID,
                            "position": TOKEN,
                            "problem": None,
                        }
                    ],
                }
            ]
        }
    )

    accepted: int
    position: str | None = Field(description="One token for all that was accepted")
    items: list[BatchItem]


class Failure(Answer):
    """Why something did not end well. Never holds text of the document."""

    code: str = Field(examples=["unreadable_document"])
    reason: str = Field(examples=["the file is no PDF that can be opened"])


class Document(Answer):
    """A document, by its version that search sees (`active_version`) and its newest one."""

    document_id: UUID = Field(examples=[DOCUMENT_ID])
    status: str = Field(
        description="How far the active version, or else the newest, came: `submitted`, `extracted`, `chunked`, "
        "`indexed`, `refused`, `cancelled`, `failed`",
        examples=["indexed"],
    )
    title: str | None = Field(examples=["Leave policy"])
    file_name: str | None = Field(examples=["leave.md"])
    media_type: str | None = Field(examples=["text/markdown"])
    metadata: dict[str, str] = Field(examples=[{"project": "handbook"}])
    active_version: int | None
    latest_version: int
    size_bytes: int | None
    characters: int | None = None
    pages: int | None = None
    chunks: int | None = None
    job_id: UUID | None = Field(default=None, description="The job of the newest version")
    created_at: datetime | None = Field(examples=[MOMENT])
    updated_at: datetime | None = Field(examples=[MOMENT])
    error: Failure | None = None


class Version(Answer):
    """One version of a document."""

    version: int
    status: str = Field(examples=["indexed"])
    active: bool
    job_id: UUID | None = Field(default=None, examples=[JOB_ID])
    title: str | None = None
    file_name: str | None = Field(examples=["leave.md"])
    media_type: str | None = Field(default=None, examples=["text/markdown"])
    size_bytes: int | None
    characters: int | None = None
    pages: int | None = None
    chunks: int | None = None
    tokens: int | None = None
    findings: dict[str, int] = Field(
        default_factory=dict, description="Personal data that was removed, by kind", examples=[{"email": 2}]
    )
    submitted_at: datetime | None = Field(examples=[MOMENT])
    indexed_at: datetime | None = None
    error: Failure | None = None


class Progress(Answer):
    """How far a step is."""

    done: int
    total: int
    unit: str = Field(examples=["pages"])


class Job(Answer):
    """One command and all that follows from it."""

    job_id: UUID = Field(examples=[JOB_ID])
    document_id: UUID | None = Field(
        default=None, description="What it is about, unless that is a draft", examples=[DOCUMENT_ID]
    )
    project_id: UUID | None = Field(default=None, description="With `episode_id` and `draft_id`: what is written")
    episode_id: UUID | None = None
    draft_id: UUID | None = None
    kind: str = Field(description="`submit`, `delete`, `generate` or `cancel`", examples=["submit"])
    version: int | None = None
    state: str = Field(
        description="`queued`, `running`, `waiting_retry`, and as ends `succeeded`, `refused`, `rejected`, "
        "`cancelled`, `failed`",
        examples=["running"],
    )
    ended: bool = Field(description="Whether the state is final")
    outcome: str | None = Field(
        default=None,
        description="What came of it, once it has ended: `indexed`, `unchanged`, `deleted`, `written`, `cancelled`, or "
        "the state",
        examples=["indexed"],
    )
    step: str | None = Field(default=None, examples=["embedding"])
    progress: Progress | None = None
    attempts: int = Field(0, description="Attempts that the step has used up")
    retry_due_at: datetime | None = None
    queue_position: int | None = Field(
        default=None, description="Its place, from 1, among the queued jobs of the tenant in its lane"
    )
    submitted_at: datetime = Field(examples=[MOMENT])
    started_at: datetime | None = None
    ended_at: datetime | None = None
    chunks: int | None = None
    tokens: int = 0
    cost_micros: int = Field(0, description="Cost in millionths of the currency unit")
    error: Failure | None = None


class Highlight(Answer):
    """Where in a hit's `text` the words of the question are."""

    start: int
    end: int


class Scores(Answer):
    """How good a hit is. Scores of one answer compare with each other only."""

    score: float = Field(
        description="Cosine similarity (`vector`), rank of the words (`text`), or both fused (`hybrid`)"
    )
    vector_rank: int | None = Field(default=None, description="Its place, from 1, among the nearest vectors")
    text_rank: int | None = Field(default=None, description="Its place, from 1, among the matches of the words")
    vector_score: float | None = Field(default=None, description="Its cosine similarity to the question")
    text_score: float | None = Field(default=None, description="Its rank by the words of the question")
    coverage: float | None = Field(
        default=None, description="How much of what the words of the question weigh it has, from 0 to 1"
    )


class Hit(Answer):
    """A chunk that answers the question, and where it stands in its document."""

    document_id: UUID = Field(examples=[DOCUMENT_ID])
    version: int
    ordinal: int = Field(description="The how-manieth chunk of the document it is, from 0")
    title: str | None
    file_name: str | None
    media_type: str | None = None
    page: int | None
    heading: str | None
    start: int = Field(description="First character in the extracted text")
    end: int
    text: str
    highlights: list[Highlight]
    scores: Scores


class Found(Answer):
    """The hits of a search, best first."""

    query: str
    mode: str = Field(description="How it was searched")
    degraded: str | None = Field(
        description="Set when `hybrid` fell back to `text`, and says why", examples=["embedding_unavailable"]
    )
    model: str | None = Field(
        default=None,
        description="Whose vectors were compared; every hit of an answer is of the same model",
        examples=["multilingual-e5-small"],
    )
    took_ms: float
    hits: list[Hit]
    next_cursor: str | None


class DeadLetter(Answer):
    """A record that no retry can help, as an operator sees it."""

    dead_letter_id: str = Field(description="partition-offset on the dead-letter topic", examples=["3-42"])
    status: str = Field(
        description="`waiting`, `redriving`, `redriven`, `failed_again`, `discarded`, `expired`, `quarantined` or "
        "`edited`",
        examples=["waiting"],
    )
    document_id: UUID | None = None
    job_id: UUID | None = None
    event: str | None = Field(default=None, description="What it says it is", examples=["ChunksPrepared"])
    step: str
    branch: str | None = Field(default=None, description="The embedding model whose letter it is, of `reembedding`")
    code: str = Field(examples=["provider_rejected"])
    category: str = Field(examples=["permanent"])
    detail: str
    attempts: int
    origin: str = Field(description="topic:partition:offset of the record", examples=["muniment.chunks:3:42"])
    fingerprint: str | None = None
    program: str | None = Field(default=None, description="The version of Muniment that buried it")
    trace_id: str | None = None
    first_failed_at: datetime = Field(examples=[MOMENT])
    failed_at: datetime = Field(examples=[MOMENT])
    redrive_times: int = Field(default=0, description="How often it was redriven before it was buried this time")
    redriven_from: str | None = Field(default=None, description="The dead letter that it was before")
    redriven_by: UUID | None = Field(default=None, description="The redrive that has it, or has sent it")
    failed_as: str | None = Field(default=None, description="The dead letter that it has become since")
    edits: int = 0
    actor: str | None = Field(default=None, description="Who last did something with it")
    reason: str | None = None
    changed_at: datetime | None = None


class Documents(Answer):
    """A page of documents, newest first."""

    items: list[Document]
    next_cursor: str | None


class Versions(Answer):
    """All versions of a document, newest first."""

    items: list[Version]


class Jobs(Answer):
    """A page of jobs, newest first."""

    items: list[Job]
    next_cursor: str | None


class DeadLetters(Answer):
    """A page of dead letters, newest first."""

    items: list[DeadLetter]
    next_cursor: str | None
