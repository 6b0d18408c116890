"""What happened to scripts: the whole exchange with the model, what people made of it, and what counts.

What was asked is on the log before the model is called, what it answered after: a replay calls none, and an auditor
can see why a text says what it says. Everything that was written is sealed under a data key of its draft.
"""

from dataclasses import dataclass
from uuid import UUID

from muniment.schemas.event import Event, event
from muniment.schemas.personal import Personal
from muniment.schemas.topics import JOBS, PROJECTS


@dataclass(frozen=True)
class Passage:
    """A chunk that was put before the model, under the number by which the text cites it.

    Attributes:
        number: What a citation `[n]` means.
        start: Where the passage begins: offset in characters of the document's original text.
        end: Where it ends, exclusive.
        score: What put it there: reciprocal ranks of both arms, fused.
        vector_rank: Its place by meaning, from 1; none: it was not found so.
        words_rank: Its place by words, from 1; none: it was not found so.

    """

    number: int
    document_id: UUID
    version: int
    ordinal: int
    page: int | None
    start: int
    end: int
    tokens: int
    score: float
    vector_rank: int | None
    words_rank: int | None


@dataclass(frozen=True)
class Citation:
    """A mark in a text that names its source, and whether the source bears it out.

    Attributes:
        number: The mark `[n]`.
        document_id: The document; none where the mark leads to no passage.
        start: Where the cited passage begins: offset in characters of the document's original text.
        end: Where it ends, exclusive.
        said_from: Where the sentence that it stands for begins, in the draft's text.
        said_to: Where that ends, exclusive.
        holds: Whether the passage says what the sentence says (decision 0035 has the rule).

    """

    number: int
    document_id: UUID | None
    version: int
    ordinal: int
    page: int | None
    start: int
    end: int
    said_from: int
    said_to: int
    holds: bool


@event(topic=PROJECTS, key="project_id", sealed_by="draft_id")
class DraftRequested(Event):
    """A draft is to be written.

    Attributes:
        brief: What the script is to be about.
        document_ids: Only from these documents; empty: from all that the project has by then.

    """

    project_id: UUID
    episode_id: UUID
    draft_id: UUID
    job_id: UUID
    brief: Personal[str]
    template: str
    language: str
    max_tokens: int
    temperature: float
    seed: int | None
    document_ids: tuple[UUID, ...]


@event(topic=PROJECTS, key="project_id", sealed_by="draft_id")
class DraftPrompted(Event):
    """What is put before a model. Said again with each try; the last one before the answer is the one that counts.

    Attributes:
        attempt: Which try this is, from 1.
        model: The language model; for extractive writing the name of the rule.
        prompt: The whole of what the model gets, passages included: canonical JSON of the messages.
        memory_tokens: Tokens of the passages.
        prompt_tokens: Tokens of the whole prompt, as counted before the call.

    """

    project_id: UUID
    episode_id: UUID
    draft_id: UUID
    job_id: UUID
    attempt: int
    provider: str
    model: str
    template: str
    template_version: int
    max_tokens: int
    temperature: float
    seed: int | None
    prompt: Personal[str]
    passages: tuple[Passage, ...]
    memory_tokens: int
    prompt_tokens: int
    window_tokens: int


@event(topic=PROJECTS, key="project_id", sealed_by="draft_id")
class DraftWritten(Event):
    """A draft is there.

    Attributes:
        attempt: Which try wrote it: its `DraftPrompted` is what was asked.
        model: The language model as the provider named it in its answer.
        text: The answer, unchanged.
        first_token_ms: Milliseconds from asking to the first piece.
        written_ms: Milliseconds from asking to the end.

    """

    project_id: UUID
    episode_id: UUID
    draft_id: UUID
    job_id: UUID
    attempt: int
    provider: str
    model: str
    text: Personal[str]
    citations: tuple[Citation, ...]
    finish_reason: str
    tokens_in: int
    tokens_out: int
    cost_micros: int
    first_token_ms: int
    written_ms: int


@event(topic=PROJECTS, key="project_id")
class DraftRefused(Event):
    """No draft came of it, for a reason that no repetition would change."""

    project_id: UUID
    episode_id: UUID
    draft_id: UUID
    job_id: UUID
    code: str


@event(topic=PROJECTS, key="project_id", sealed_by="draft_id")
class DraftCancelled(Event):
    """The writing of a draft was ended before it was done."""

    project_id: UUID
    episode_id: UUID
    draft_id: UUID
    job_id: UUID
    reason: Personal[str]


@event(topic=PROJECTS, key="project_id", sealed_by="draft_id")
class DraftRevised(Event):
    """A person has made a draft from another one; `CitationsChecked` says what its citations are worth.

    Attributes:
        sources: The documents that the drafts behind it were written from, whether it still cites them or not.

    """

    project_id: UUID
    episode_id: UUID
    draft_id: UUID
    job_id: UUID
    based_on: UUID
    text: Personal[str]
    sources: tuple[UUID, ...]


@event(topic=PROJECTS, key="project_id")
class CitationsChecked(Event):
    """The citations of a text that a person wrote were held against what they cite."""

    project_id: UUID
    episode_id: UUID
    draft_id: UUID
    job_id: UUID
    citations: tuple[Citation, ...]


@event(topic=PROJECTS, key="project_id")
class DraftFailed(Event):
    """No draft came of it: the record that asked for it is among the dead letters, and may be sent back from there.

    Attributes:
        letter: Its place there, as `topic:partition:offset`.

    """

    project_id: UUID
    episode_id: UUID
    draft_id: UUID
    job_id: UUID
    step: str
    code: str
    letter: str


@event(topic=PROJECTS, key="project_id")
class DraftCommitted(Event):
    """A draft is the episode's script from now on, as its version `number`."""

    project_id: UUID
    episode_id: UUID
    draft_id: UUID
    revision: int
    number: int


@event(topic=PROJECTS, key="project_id", sealed_by="draft_id")
class DraftDiscarded(Event):
    """A draft was put away."""

    project_id: UUID
    episode_id: UUID
    draft_id: UUID
    reason: Personal[str]


@event(topic=PROJECTS, key="project_id")
class DraftErased(Event):
    """A draft's key was destroyed, since it was written from a document that had to be forgotten.

    Attributes:
        document_id: The document that was forgotten.

    """

    project_id: UUID
    episode_id: UUID
    draft_id: UUID
    document_id: UUID
    erasure_id: UUID


@event(topic=JOBS, key="project_id", sealed_by="draft_id")
class DraftStreamed(Event):
    """A piece of a draft as it is being written, for show: what counts is `DraftWritten`.

    Attributes:
        attempt: Which try writes: a piece of a later one begins the text anew.
        index: Number of the piece within the try, from 0.
        text: The piece.
        tokens: Tokens that the try has written up to here, this piece included, as counted here.

    """

    project_id: UUID
    draft_id: UUID
    job_id: UUID
    attempt: int
    index: int
    text: Personal[str]
    tokens: int
