"""Models beside the first one: another embedding of everything, made from the log, compared, switched to, dropped.

The first model is the one of the settings; its name is whatever the endpoint calls it. A model that a migration brings
in has a name that no endpoint gives: what the endpoint calls it, `#`, the length of its vectors, and from the second
time on a number (`e5-large#1024`, `e5-large#1024.2`). A name is never used twice, also after its vectors were dropped:
so whoever reads a vector knows by the name alone where it belongs, in whatever order the topics are read.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from muniment.schemas.event import DocumentEvent, Event, event
from muniment.schemas.personal import Personal
from muniment.schemas.topics import COMMANDS_OPERATIONS, EMBEDDINGS, OPERATIONS

MARK = "#"
MODEL_HEADER = "embedding_model"
"""On `ChunksPrepared`, from the first switch on: the model that the embedding step uses for it. Without the header it
is that of the settings. Every other model that is kept has the batch embedded beside it."""
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_NAME = re.compile(r"[A-Za-z0-9._-]+#([1-9][0-9]{0,3})(\.[0-9]+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class EmbeddingModel:
    """A model that a migration brought in, and how it is asked.

    Attributes:
        name: Its name here, as vectors carry it.
        served_as: What the endpoint calls it.
        dimensions: Length of its vectors.
        base_url: The endpoint; empty for that of the settings.
        query_prefix: Put before a question.
        passage_prefix: Put before a chunk.
        ask_dimensions: Whether the length is sent along, for models that can shorten their vectors.
        price_per_million_tokens: Price that costs are reckoned with (US dollars).

    """

    name: str
    served_as: str
    dimensions: int
    base_url: str = ""
    query_prefix: str = ""
    passage_prefix: str = ""
    ask_dimensions: bool = False
    price_per_million_tokens: float = 0.0


def added(model: str) -> bool:
    """Whether a migration brought the model in; by its name alone."""
    return MARK in model


def dimensions_of(model: str) -> int:
    """The length of an added model's vectors, by its name. Raises `ValueError` for a name that does not say."""
    match = _NAME.fullmatch(model)
    if match is None:
        raise ValueError("not the name of a model that a migration brought in")
    return int(match[1])


def new_name(served_as: str, dimensions: int, taken: Collection[str]) -> str:
    """The name of a model that is brought in now; one that was never used."""
    plain = f"{_UNSAFE.sub('-', served_as)}{MARK}{dimensions}"
    number = 1
    while (name := plain if number == 1 else f"{plain}.{number}") in taken:
        number += 1
    return name


@event(topic=COMMANDS_OPERATIONS, command=True, key="model")
class MigrateEmbeddings(Event):
    """Embed everything that there is, and all that comes, with another model beside the live one.

    `model` is what the endpoint calls it; an empty `base_url` is the endpoint of the settings.
    """

    model: str
    dimensions: int
    base_url: str
    query_prefix: str
    passage_prefix: str
    ask_dimensions: bool
    price_per_million_tokens: float
    reason: str


@event(topic=COMMANDS_OPERATIONS, command=True, key="model")
class PauseMigration(Event):
    """Embed nothing more beside the live model with this one until it is resumed."""

    model: str
    reason: str


@event(topic=COMMANDS_OPERATIONS, command=True, key="model")
class ResumeMigration(Event):
    """Go on where the migration was paused."""

    model: str
    reason: str


@event(topic=COMMANDS_OPERATIONS, command=True, key="model")
class SwitchEmbeddings(Event):
    """Let search read this model's vectors."""

    model: str
    reason: str


@event(topic=COMMANDS_OPERATIONS, command=True, key="model")
class DropEmbeddings(Event):
    """Remove the vectors of a model that search does not read; a migration that is under way ends."""

    model: str
    reason: str


@event(topic=COMMANDS_OPERATIONS, command=True, key="model")
class RecordComparison(Event):
    """Keep the figures of a comparison. The questions are not kept: they are somebody's words."""

    model: str
    reference: str
    k: int
    queries: int
    judged: int
    overlap: float
    ndcg: float
    reference_ndcg: float
    p50_ms: float
    p95_ms: float
    reference_p50_ms: float
    reference_p95_ms: float
    reason: str


@event(topic=OPERATIONS, key="model")
class MigrationStarted(Event):
    """From here on everything is embedded with this model, too."""

    model: str
    served_as: str
    dimensions: int
    base_url: str
    query_prefix: str
    passage_prefix: str
    ask_dimensions: bool
    price_per_million_tokens: float
    reason: str


@event(topic=OPERATIONS, key="model")
class MigrationPaused(Event):
    """Nothing more is embedded beside the live model with this one."""

    model: str
    reason: str


@event(topic=OPERATIONS, key="model")
class MigrationResumed(Event):
    """The migration goes on where it was paused."""

    model: str
    reason: str


@event(topic=OPERATIONS, key="model")
class EmbeddingsSwitched(Event):
    """Search reads this model's vectors from here on; `previous` is kept up to date until it is dropped."""

    model: str
    previous: str
    reason: str


@event(topic=OPERATIONS, key="model")
class EmbeddingsDropped(Event):
    """The model's vectors are gone from the read model, and nothing is embedded with it any more."""

    model: str
    reason: str


@event(topic=OPERATIONS, key="model")
class EmbeddingsCompared(Event):
    """What two models found for the same questions.

    `overlap` is the mean share of common chunks among the first `k`; `ndcg` that of `model` and `reference_ndcg` that
    of the reference, against the judgments where there are any (`judged` of the `queries`), else against the reference.
    """

    model: str
    reference: str
    k: int
    queries: int
    judged: int
    overlap: float
    ndcg: float
    reference_ndcg: float
    p50_ms: float
    p95_ms: float
    reference_p50_ms: float
    reference_p95_ms: float
    reason: str


@event(topic=EMBEDDINGS)
class ChunksReembedded(DocumentEvent):
    """A batch of chunks has vectors of another model, beside those that made its version whole (`ChunksEmbedded`).

    Nothing is counted or announced because of it. Little-endian float16, in the batch's order.
    """

    version: int
    job_id: UUID
    batch: int
    first_ordinal: int
    content_hashes: tuple[bytes, ...]
    model: str
    dimensions: int
    vectors: Personal[bytes]
    tokens: int
    cost_micros: int
    embedded: int
    reused: int
