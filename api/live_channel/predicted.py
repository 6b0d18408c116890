"""Predictions as they are shown, and the ports that they come from."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from pydantic import BaseModel, Field

from muniment.projections.predictions.queries import Predicted


class Place(BaseModel):
    """A version of a document."""

    document_id: UUID
    version: int


class Prediction(BaseModel):
    """Something that may be meant, and how sure that is."""

    kind: str = Field(description="`document` (a title or a file name), `heading` or `question`")
    text: str
    confidence: float = Field(ge=0, le=1)
    documents: int = Field(description="In how many documents it stands")
    places: list[Place]


class Predicting(Protocol):
    """The port to the read model."""

    async def predictions(
        self, tenant: str, typed: str, *, limit: int, now: datetime, project_id: UUID | None = None
    ) -> list[Predicted]:
        """The likeliest titles, file names and headings, best first; raises `StepFailure(database_unavailable)`."""
        ...


class Questions(Protocol):
    """The port to questions that were asked before; raises `StepFailure(database_unavailable)`.

    `actor` is who asks, as the log names them.
    """

    async def like(self, tenant: str, actor: str, typed: str, limit: int) -> list[Prediction]:
        """Questions that begin like what is typed, as far as this one may be shown them."""
        ...

    async def asked(self, tenant: str, actor: str, question: str) -> None:
        """Remember that a question was asked."""
        ...
