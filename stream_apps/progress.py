"""How far a long step is, told to whoever watches, across a process border if need be."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from muniment.schemas.documents import DocumentExtracted, DocumentSubmitted
from muniment.schemas.jobs import StepProgressed

Progress = Callable[[int, int, str], None]
"""Called with (done, total, unit), where unit is "bytes", "pages", "chapters" or "blocks"."""


def silent(done: int, total: int, unit: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class ProgressFile:
    """A `Progress` that can be pickled: the child process writes the latest state, the parent reads it.

    A torn read gives None, never an error: progress is decoration, the result does not depend on it.
    """

    path: Path

    def __call__(self, done: int, total: int, unit: str) -> None:
        """Write the state over the last one."""
        self.path.write_text(f"{done} {total} {unit}\n", encoding="ascii")

    def read(self) -> tuple[int, int, str] | None:
        """Return the latest (done, total, unit), or None when there is none yet."""
        with contextlib.suppress(OSError, ValueError):
            text = self.path.read_text(encoding="ascii")
            if text.endswith("\n"):
                done, total, unit = text.split()
                return int(done), int(total), unit
        return None


def progressed(step: str, event: DocumentSubmitted | DocumentExtracted, state: tuple[int, int, str]) -> StepProgressed:
    """The event that tells of a state (done, total, unit) of `step` with the version that `event` is about."""
    done, total, unit = state
    return StepProgressed(
        document_id=event.document_id,
        job_id=event.job_id,
        version=event.version,
        step=step,
        done=done,
        total=total,
        unit=unit,
    )
