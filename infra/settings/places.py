"""Where things are: the log, the database, the model, the bytes."""

from pathlib import Path

from pydantic import BaseModel, Field, SecretStr


class Places(BaseModel):
    """Where things are."""

    home: Path = Field(default=Path(".muniment"), description="Folder of everything that Muniment stores (path).")
    kafka_bootstrap: str | None = Field(
        default=None, description="Kafka brokers (host:port, separated by commas). Embedded when unset."
    )
    database_url: SecretStr | None = Field(
        default=None, description="Postgres 16+ with pgvector (postgresql:// address). Embedded when unset."
    )
    openai_base_url: str | None = Field(
        default=None,
        validation_alias="OPENAI_BASE_URL",
        description="OpenAI-compatible endpoint (address ending in /v1). Embedded when unset.",
    )
    openai_api_key: SecretStr | None = Field(
        default=None,
        validation_alias="OPENAI_API_KEY",
        description="Key for that endpoint (text). Embedded when unset.",
    )
    blob_url: str | None = Field(
        default=None,
        description="Where document bytes are stored (file:///folder or s3://bucket?endpoint=...). "
        "The folder `blobs` of `home` when unset.",
    )
