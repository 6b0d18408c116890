"""What is known of one draft: the rows of the read model, as the fold sees them."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

ENDED = frozenset({"written", "failed", "refused", "cancelled", "discarded", "erased", "deleted"})
"""States in which nothing more is being written."""


@dataclass(frozen=True)
class Draft:
    """A draft.

    Attributes:
        kind: `generated`, or `revised` by a person; empty for one of which only the end is known.
        origin: The generated draft whose passages the marks in this text mean: itself, unless it was revised.
        checked: Whether the citations were held against what they cite.
        requested_place: Where on the log it was asked for, or was revised: `topic:partition:offset`.
        prompted_place: Where what the model was asked lies.
        written_place: Where its answer lies.
        tokens_in: Tokens that models have read for it, over all calls that were paid for, its `charges` included.
        tokens_out: Tokens that they have written, likewise.
        cost_micros: What that cost.
        from_at: Since when all of this is so.
        from_place: Where the record lies that made it so.

    """

    tenant: str
    draft_id: UUID
    project_id: UUID
    episode_id: UUID
    origin: UUID
    kind: str = ""
    state: str = "requested"
    job_id: UUID | None = None
    based_on: UUID | None = None
    brief: str | None = None
    text: str | None = None
    reason: str | None = None
    code: str | None = None
    letter: str | None = None
    language: str | None = None
    template: str | None = None
    template_version: int | None = None
    provider: str | None = None
    model: str | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    seed: int | None = None
    document_ids: tuple[UUID, ...] = ()
    memory_tokens: int | None = None
    prompt_tokens: int | None = None
    window_tokens: int | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost_micros: int | None = None
    first_token_ms: int | None = None
    written_ms: int | None = None
    finish_reason: str | None = None
    checked: bool = False
    requested_by: str = ""
    requested_at: datetime | None = None
    prompted_at: datetime | None = None
    ended_at: datetime | None = None
    erased_at: datetime | None = None
    requested_place: str | None = None
    prompted_place: str | None = None
    written_place: str | None = None
    from_at: datetime | None = None
    from_place: str | None = None


@dataclass(frozen=True)
class PassageRow:
    """A passage of the prompt that counts: the last one before the answer."""

    tenant: str
    draft_id: UUID
    number: int
    document_id: UUID
    version: int
    ordinal: int
    page: int | None
    start_char: int
    end_char: int
    tokens: int
    score: float
    vector_rank: int | None
    words_rank: int | None
    from_at: datetime | None = None
    from_place: str | None = None


@dataclass(frozen=True)
class CitationRow:
    """A mark in the text, in the order in which they stand (`place`, from 0)."""

    tenant: str
    draft_id: UUID
    place: int
    number: int
    document_id: UUID | None
    version: int
    ordinal: int
    page: int | None
    start_char: int
    end_char: int
    said_from: int
    said_to: int
    holds: bool
    from_at: datetime | None = None
    from_place: str | None = None


@dataclass(frozen=True)
class SourceRow:
    """A version of a document that a draft goes back to.

    Attributes:
        version: The version; 0 where only the document is known.
        inherited: It comes from the drafts that this one was made from.
        passages: Passages of it in the prompt.
        cited: Marks in the text that lead to it.
        holding: Those of them that hold.

    """

    tenant: str
    draft_id: UUID
    document_id: UUID
    version: int
    inherited: bool
    passages: int
    cited: int
    holding: int
    from_at: datetime | None = None
    from_place: str | None = None


@dataclass(frozen=True)
class ChargeRow:
    """A call of a model that was paid for and whose answer the draft is not.

    Attributes:
        code: How it ended: that of `DraftCharged`; `too_late` for an answer to a draft that had ended before.
        estimated: The tokens were counted here, not by the provider.
        place: Where on the log that lies.

    """

    tenant: str
    draft_id: UUID
    attempt: int
    provider: str
    model: str
    code: str
    tokens_in: int
    tokens_out: int
    cost_micros: int
    estimated: bool
    charged_at: datetime
    place: str
    from_at: datetime | None = None
    from_place: str | None = None


@dataclass(frozen=True)
class Script:
    """A draft with all that hangs on it."""

    draft: Draft
    passages: tuple[PassageRow, ...] = ()
    citations: tuple[CitationRow, ...] = ()
    sources: tuple[SourceRow, ...] = field(default=())
    charges: tuple[ChargeRow, ...] = ()


@dataclass(frozen=True)
class Commit:
    """A version of an episode's script."""

    tenant: str
    project_id: UUID
    episode_id: UUID
    number: int
    draft_id: UUID
    revision: int
    committed_by: str
    committed_at: datetime
    place: str
    from_at: datetime | None = None
    from_place: str | None = None


@dataclass(frozen=True)
class Head:
    """How far a project's own order is folded: nothing up to there is folded again, nor counts as later than the rest.

    Attributes:
        partition: Where its records lie.
        reached: The offset of the last of them.
        ordered_at: When that one counts.

    """

    tenant: str
    project_id: UUID
    partition: int
    reached: int
    ordered_at: datetime
