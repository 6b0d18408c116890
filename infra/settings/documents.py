"""What is taken in, and how it is cut."""

from pydantic import BaseModel, Field

from muniment.infra.settings.words import Words

MEBIBYTE = 1024 * 1024
TYPES = (
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/epub+zip",
    "application/json",
    "text/csv",
    "text/html",
    "text/markdown",
    "text/plain",
)


class Documents(BaseModel):
    """Documents."""

    chunk_tokens_max: int = Field(default=256, ge=16, le=8192, description="Largest chunk (tokens of the tokenizer).")
    chunk_overlap_tokens: int = Field(default=32, ge=0, description="What neighbouring chunks share at most (tokens).")
    max_document_bytes: int = Field(
        default=100 * MEBIBYTE,
        ge=1,
        description="Largest document (bytes). Whatever this says, a text of more than 268,435,456 characters is "
        "refused, and so is what unpacks to more than 512 MiB.",
    )
    fetch_timeout_s: float = Field(default=60.0, gt=0, description="How long a fetch waits for others (seconds).")
    fetch_ports: Words = Field(default=("80", "443"), description="Ports that are fetched from (ports, by commas).")
    fetch_allow: Words = Field(
        default=(), description="Networks that are fetched from although they are private (networks, by commas)."
    )
    allowed_types: Words = Field(default=TYPES, description="Types that are read (MIME types, separated by commas).")
    pii_off: Words = Field(
        default=(), description="Kinds of personal data that are not removed (names, separated by commas)."
    )
    claims_grace_s: float = Field(
        default=3600.0, ge=60, description="Age at which stored bytes that no command names are given up (seconds)."
    )
