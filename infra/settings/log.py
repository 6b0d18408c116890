"""The log, its retries, its dead letters and the brake before them."""

from pydantic import BaseModel, Field


class Log(BaseModel):
    """The log, retries and dead letters."""

    partitions: int = Field(default=12, ge=1, le=10_000, description="Partitions of a new topic (partitions).")
    replication_factor: int = Field(
        default=1, ge=1, description="Copies of a new topic; 3 on a real cluster (brokers)."
    )
    retry_jitter: float = Field(
        default=0.1, ge=0, le=1, description="Most that a retry is delayed beyond its tier (fraction of the tier)."
    )
    outage_deadline_s: float = Field(
        default=48 * 3600.0,
        gt=0,
        description="How long a record waits for a provider that is away (seconds in which its step runs).",
    )
    dead_letter_days: float = Field(
        default=180.0, gt=0, description="Age at which a dead letter that nobody looked after is discarded (days)."
    )
    dead_letters_alarm: int = Field(
        default=1000, ge=0, description="Dead letters waiting for an operator above which the log warns (letters)."
    )
    canary_deadline_s: float = Field(
        default=24 * 3600.0,
        gt=0,
        description="How long a canary of a redrive may take to end; then the redrive ends and says so (seconds).",
    )
    brake_run: int = Field(
        default=20, ge=1, description="Different dead documents in a row that halt a step (documents)."
    )
    brake_share: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="Share of dead letters among its last 50 endings that halts a step (fraction).",
    )
    brake_probe_after_s: float = Field(
        default=30.0, gt=0, description="Rest of a halted step before one record is tried (seconds)."
    )
