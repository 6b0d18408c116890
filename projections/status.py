"""What a runner says of itself: for `/health`, and for a person."""

from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any, Literal

State = Literal[
    "starting", "running", "waiting_for_database", "waiting_for_broker", "waiting_for_keys", "rebuilding", "stopped"
]
BROKER_SILENCE_S = 10.0
"""A broker that has answered no fetch for this long counts as away."""


@dataclass(frozen=True, slots=True)
class Drift:
    """What comparing the read model with the log has shown so far: of `slices` of `of` slices, the last look at each.

    `rows` are not what the log says, `named` are the first of them.
    """

    rows: int
    named: tuple[str, ...]
    slices: int
    of: int
    at: datetime

    def as_dict(self) -> dict[str, Any]:
        """For the health answer."""
        compared = f"{self.slices} of {self.of}"
        return {
            "rows": self.rows,
            "named": list(self.named),
            "slices": compared,
            "at": self.at.isoformat("T", "seconds"),
        }


@dataclass
class ProjectionStatus:
    """How one projection is doing.

    Attributes:
        state: What it is doing now.
        schema: The live schema it folds into.
        lag: Records behind the end of the log, as last seen.
        applied: Records folded since the start.
        parked: Poison records parked since the start.
        error: The last error that made it wait, by type or in our own words; empty when it runs.
        drift: What the comparison with the log has shown; `None` before the first slice, or when that is off.
        moved_at: When its checkpoint last moved or was at the end of the log (monotonic seconds).

    """

    name: str
    state: State = "starting"
    schema: str = ""
    lag: int = 0
    applied: int = 0
    parked: int = 0
    error: str = ""
    drift: Drift | None = None
    since: float = field(default_factory=monotonic)
    moved_at: float = field(default_factory=monotonic)

    def enter(self, state: State, error: str = "") -> None:
        """Change the state."""
        if state != self.state:
            self.state, self.since = state, monotonic()
        self.error = error

    @property
    def checkpoint_age_s(self) -> float:
        """Seconds for which records have waited without the checkpoint moving; grows while it cannot fold."""
        return monotonic() - self.moved_at

    def as_dict(self) -> dict[str, Any]:
        """For the health answer; `for_s` is how long it has been in its state."""
        return {
            "state": self.state,
            "schema": self.schema,
            "lag": self.lag,
            "checkpoint_age_s": round(self.checkpoint_age_s, 1),
            "applied": self.applied,
            "parked": self.parked,
            "error": self.error,
            "drift": self.drift.as_dict() if self.drift else None,
            "for_s": round(monotonic() - self.since, 1),
        }


@dataclass
class Status:
    """How all projections of this process are doing: what the lead serves under `/health`."""

    projections: dict[str, ProjectionStatus] = field(default_factory=dict)

    @property
    def ready(self) -> bool:
        """Every projection is following the log."""
        return bool(self.projections) and all(p.state == "running" for p in self.projections.values())

    def health(self) -> dict[str, Any]:
        """The answer of `/health/ready`."""
        return {"ready": self.ready, "projections": {name: p.as_dict() for name, p in self.projections.items()}}
