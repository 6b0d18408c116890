"""Erasing on request, and at an age."""

from pydantic import BaseModel, Field


class Erasure(BaseModel):
    """Erasure and retention."""

    erasure_second_person: bool = Field(
        default=False, description="Whether somebody else has to confirm each erasure (true or false)."
    )
    erasure_rewrite_mib: int = Field(
        default=1024, ge=0, description="Largest table that an erasure rewrites, its readers waiting meanwhile (MiB)."
    )
    retention_days: int | None = Field(
        default=None,
        ge=1,
        description="Age of the newest version at which a document is erased (days). Never when unset.",
    )
    retention_tenants: str = Field(
        default="", description="Tenants with a rule of their own (tenant=days or tenant=never, separated by blanks)."
    )
