"""How each process works."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field
from pydantic_settings import NoDecode

from muniment.infra.settings.words import split

Lane = Literal["interactive", "normal", "bulk"]


class Processes(BaseModel):
    """Processes and their logs."""

    lanes: Annotated[tuple[Lane, ...], NoDecode, BeforeValidator(split)] = Field(
        min_length=1,
        default=("interactive", "normal", "bulk"),
        description="Lanes that this process works through; others are then for other processes (names).",
    )
    extracting_timeout_s: float = Field(
        default=300.0, gt=0, description="Hard limit of extracting one document (seconds)."
    )
    chunking_timeout_s: float = Field(default=300.0, gt=0, description="Hard limit of chunking one document (seconds).")
    embedding_timeout_s: float = Field(default=180.0, gt=0, description="Hard limit of embedding one batch (seconds).")
    children: int = Field(
        default=2, ge=1, description="Child processes that read and cut documents in one worker (processes)."
    )
    database_pool_size: int = Field(default=10, ge=2, description="Most connections of one process (connections).")
    database_wait_s: float = Field(
        default=10.0, gt=0, description="Longest that a request waits for a connection, or a statement (seconds)."
    )
    log_format: Literal["text", "json"] = Field(default="text", description="Form of log lines (text or json).")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level logged (name)."
    )
