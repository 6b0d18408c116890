"""The keys, and the evidence that is signed with them."""

from pathlib import Path

from pydantic import BaseModel, Field


class Keys(BaseModel):
    """Keys and evidence."""

    key_ring: Path | None = Field(
        default=None, description="File of the key-encryption keys (path). `keys/ring.json` of `home` when unset."
    )
    kms_key: str | None = Field(
        default=None,
        description="Key of AWS KMS that wraps the data keys instead of the file (id, ARN or alias). "
        "Needs muniment[kms].",
    )
    kms_endpoint: str | None = Field(default=None, description="Address of another service with KMS's API (URL).")
    kms_region: str | None = Field(default=None, description="Region of KMS, where the environment names none (name).")
    signing_keys: Path | None = Field(
        default=None,
        description="File of the keys that sign checkpoints, certificates and receipts (path). "
        "`keys/signing.json` of `home` when unset.",
    )
    checkpoints_url: str | None = Field(
        default=None,
        description="Where signed checkpoints are put outside the log (file:///folder or s3://bucket?endpoint=...). "
        "The folder `checkpoints` of `home` when unset.",
    )
    seal_every_s: float = Field(default=10.0, gt=0, description="Time between two rounds of the sealer (seconds).")
    seal_records: int = Field(
        default=10_000, ge=1, description="Records after which a partition gets a checkpoint within a round (records)."
    )
    checkpoints_every_s: float = Field(
        default=300.0, ge=0, description="Time between two checkpoints of a partition that are put outside (seconds)."
    )
    reconcile_every_s: float = Field(
        default=60.0,
        ge=0,
        description="Time between two slices of the standing comparison of read models with the log (seconds; 0: off).",
    )
