"""Texts in a request: how long they may be and what they may hold, the same wherever they are given."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

# Postgres keeps no NUL in text.
NO_NUL = r"^[^\x00]*$"
Filter = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=NO_NUL)]
"""What a listing or a search is narrowed by."""
# A NUL in metadata is shown as U+FFFD by the read models.
MetadataKey = Annotated[str, StringConstraints(min_length=1, max_length=64)]
MetadataValue = Annotated[str, StringConstraints(max_length=1000)]
Metadata = Annotated[dict[MetadataKey, MetadataValue], Field(max_length=64)]
SUBJECT = r"^[^/\x00]*[^/\x00\s][^/\x00]*$"
Subject = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=SUBJECT)]
"""What a caller calls a person: for an erasure, or an export, it has to be said again in the same letters."""
# A reason that is blank is none.
Because = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00]*[^\x00\s][^\x00]*$")]


class Reason(BaseModel):
    """Why: it goes on the record."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "the endpoint is back"}]})

    reason: Because = Field(description="Kept on the log, in clear: no personal data")
