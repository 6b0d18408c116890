"""Every projection. Adding one is one entry here."""

from collections.abc import Callable

from muniment.projections.audit.projection import Audit
from muniment.projections.chunks.projection import Chunks
from muniment.projections.dead_letters.projection import DeadLetters
from muniment.projections.documents.projection import Documents
from muniment.projections.erasures.projection import Erasures
from muniment.projections.history.projection import History
from muniment.projections.jobs.projection import Jobs
from muniment.projections.operations.projection import Operations
from muniment.projections.predictions.projection import Predictions
from muniment.projections.projection import Projection
from muniment.projections.projects.projection import Projects
from muniment.projections.scripts.projection import Scripts

DEFAULT_DIMENSIONS = 384

PROJECTIONS: dict[str, Callable[[int], Projection]] = {
    "documents": lambda _: Documents(),
    "jobs": lambda _: Jobs(),
    "chunks": Chunks,
    "dead_letters": lambda _: DeadLetters(),
    "operations": lambda _: Operations(),
    "erasures": lambda _: Erasures(),
    "audit": lambda _: Audit(),
    "history": lambda _: History(),
    "predictions": lambda _: Predictions(),
    "scripts": lambda _: Scripts(),
    "projects": lambda _: Projects(),
}
"""How each is made, given the length of the vectors."""


def projection(name: str, dimensions: int = DEFAULT_DIMENSIONS) -> Projection:
    """One projection by its name; `KeyError` when there is none of that name."""
    return PROJECTIONS[name](dimensions)
