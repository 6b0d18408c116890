"""The shapes of answers about embedding models. What a field is called here is public and stays."""

from datetime import datetime

from pydantic import Field

from muniment.api.answers import MOMENT, Answer
from muniment.api.operation_reads.answers import Ordered

MODEL = "text-embedding-3-large#1024"
FIRST = "multilingual-e5-small"


class Model(Answer):
    """A model, and what there is of it."""

    model: str = Field(description="Its name here", examples=[MODEL])
    state: str = Field(
        description="`live` (search reads it), `complete`, `embedding`, `paused` or `dropped`", examples=["complete"]
    )
    served_as: str = Field(description="What the endpoint calls it", examples=["text-embedding-3-large"])
    dimensions: int = Field(examples=[1024])
    base_url: str = Field(description="Empty: the endpoint of the settings")
    batches: int = Field(description="Batches of chunks that search sees and that have its vectors")
    chunks: int = Field(description="The same in chunks")
    missing_batches: int = Field(
        description="Those that are to have some and have none yet; nought of them lets search be switched to it"
    )
    unreadable_batches: int = Field(
        description="Those that are left out, as nobody can read them any more: their data key is destroyed"
    )
    discarded_batches: int = Field(
        description="Those that are left out, as their dead letters were discarded, by hand or by age"
    )
    only_batches: int = Field(
        description="Those that no other model has vectors of: without this one they are found by their words only"
    )
    tokens: int = Field(description="Tokens that were paid for the vectors that are there")
    cost_micros: int = Field(description="What they cost, millionths of a US dollar")
    reason: str = Field(description="Of the last thing that was done with it; empty for the settings' model")
    actor: str
    changed_at: datetime | None = Field(default=None, examples=[MOMENT])


class Models(Answer):
    """Every model, the one of the settings first."""

    live: str = Field(description="Which one search reads", examples=[FIRST])
    batches: int = Field(description="All batches that search sees")
    chunks: int
    items: list[Model]


class Estimate(Answer):
    """What bringing a model in would take. Nothing was begun; the endpoint was asked for a few vectors."""

    name: str = Field(description="What the model would be called here", examples=[MODEL])
    chunks: int = Field(description="Chunks that search sees, of all tenants")
    texts: int = Field(description="Different texts among them: what is paid for")
    tokens: int = Field(description="Their tokens, as the tokenizer of the settings counts them")
    price_per_million_tokens: float
    cost: float = Field(description="US dollars")
    texts_per_s: float = Field(description="How many texts the endpoint embedded a second just now")
    seconds: float = Field(description="How long all of them take at that rate, within the limit of requests")


class Figures(Answer):
    """What a model did with the questions."""

    model: str
    ndcg: float = Field(description="Mean nDCG of the first `k`, from 0 to 1")
    p50_ms: float = Field(description="Median time of a question: embedding it and searching")
    p95_ms: float


class Comparison(Ordered):
    """Two models and the same questions. The figures are on the record, the questions are not."""

    k: int
    queries: int
    judged: int = Field(description="Questions with documents known to answer them")
    overlap: float = Field(description="Mean share of common chunks among the first `k`")
    live: Figures
    other: Figures
