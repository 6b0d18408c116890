"""The model that search reads vectors of, and what it may cost."""

from pathlib import Path

from pydantic import BaseModel, Field, SecretStr


class Embedding(BaseModel):
    """Embedding."""

    embedding_model: str = Field(
        default="multilingual-e5-small", pattern="^[^#]+$", description="Model asked for at the endpoint (name)."
    )
    embedding_dimensions: int = Field(default=384, ge=1, le=4096, description="Length of its vectors (numbers).")
    embedding_batch: int = Field(default=64, ge=1, le=2048, description="Texts in one request (texts).")
    embedding_concurrency: int = Field(
        default=3, ge=1, description="Requests under way at once in one worker (requests)."
    )
    embedding_requests_per_minute: int = Field(
        default=1000, ge=1, description="Limit shared by all workers (requests a minute)."
    )
    embedding_price_per_million_tokens: float = Field(
        default=0.0, ge=0, description="Price that costs are reckoned with (US dollars a million tokens)."
    )
    embedding_budget_per_day: float | None = Field(
        default=None, ge=0, description="Most that a tenant may spend in a day (UTC) at that price (US dollars)."
    )
    embedding_tokens_per_day: int | None = Field(
        default=None, ge=0, description="Most that a tenant may have embedded in a day (UTC) (tokens)."
    )
    embedding_endpoints: SecretStr | None = Field(
        default=None,
        description="Other endpoints that a migration to another model may name "
        "(addresses ending in /v1, each with `=key` where it wants one, separated by blanks).",
    )
    embedding_query_prefix: str = Field(default="query: ", description="Put before a question (text).")
    embedding_passage_prefix: str = Field(default="passage: ", description="Put before a chunk (text).")
    embedding_tokenizer: Path | None = Field(
        default=None,
        description="Tokenizer that sizes chunks (tokenizer.json path). That of the embedded model when unset.",
    )
    embedding_request_timeout_s: float = Field(default=60.0, gt=0, description="Time-out of one request (seconds).")
