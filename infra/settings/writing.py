"""The model that writes drafts and answers, and what it may cost."""

from typing import Literal

from pydantic import BaseModel, Field, SecretStr


class Writing(BaseModel):
    """Writing."""

    writer: Literal["extractive", "openai", "anthropic"] = Field(
        default="extractive",
        description="Who writes drafts: no model, which gives extracts, or a model of that protocol (name).",
    )
    writer_model: str | None = Field(default=None, description="Language model asked for (name). Needed with a model.")
    writer_base_url: str | None = Field(
        default=None,
        description="Where that model is (address, for `openai` one ending in /v1). "
        "`same`: OPENAI_BASE_URL and its key. The provider's own when unset.",
    )
    writer_api_key: SecretStr | None = Field(default=None, description="Key for that address (text).")
    writer_window_tokens: int = Field(
        default=32_768, ge=512, description="What the language model holds, prompt and answer together (tokens)."
    )
    writer_memory_share: float = Field(
        default=0.5, gt=0, lt=1, description="Most of that window that passages take (fraction)."
    )
    writer_passages: int = Field(default=24, ge=1, le=100, description="Most passages of one prompt (passages).")
    writer_tokens_margin: float = Field(
        default=1.2,
        ge=1,
        le=4,
        description="By how much more tokens are reckoned with than are counted here, as each model counts in its own "
        "way (factor).",
    )
    writer_max_tokens: int = Field(
        default=8000, ge=1, description="Longest draft; a request for a longer one gets this (tokens)."
    )
    writer_takes_temperature: bool = Field(
        default=True,
        description="Whether the model takes a temperature; newer ones refuse any but their own (true or false).",
    )
    writer_price_in: float = Field(
        default=0.0, ge=0, description="Price of what is read (US dollars a million tokens)."
    )
    writer_price_out: float = Field(
        default=0.0, ge=0, description="Price of what is written (US dollars a million tokens)."
    )
    writer_budget_per_day: float | None = Field(
        default=None, ge=0, description="Most that a tenant may spend on drafts in a day (UTC) (US dollars)."
    )
    writer_tokens_per_day: int | None = Field(
        default=None, ge=0, description="Most that a tenant's drafts may take in a day (UTC), in and out (tokens)."
    )
    writer_project_budget_per_day: float | None = Field(
        default=None, ge=0, description="Most that a project may spend on drafts in a day (UTC) (US dollars)."
    )
    writer_project_tokens_per_day: int | None = Field(
        default=None, ge=0, description="Most that a project's drafts may take in a day (UTC), in and out (tokens)."
    )
    writer_requests_per_minute: int = Field(
        default=60, ge=1, description="Limit of calls of the language model, shared by all workers (requests a minute)."
    )
    writer_first_token_s: float = Field(
        default=60.0, gt=0, description="Longest wait for the first word of the language model (seconds)."
    )
    writer_between_tokens_s: float = Field(
        default=30.0, gt=0, description="Longest pause between two pieces of its answer (seconds)."
    )
    writer_timeout_s: float = Field(default=300.0, gt=0, description="Time-out of a whole answer (seconds).")
