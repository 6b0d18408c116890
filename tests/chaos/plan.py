"""What is done to the stack while a seed's documents go through: which kills, where and when; the weather. Pure."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any

UPLOADS_S = 10.0
"""How long the uploads of a disturbed run take, if nothing holds them up."""
PACE_LEAST = 0.4
"""With however few documents, a run is no shorter than this share of one of many: processes start as slowly."""
TIERS_S = (1.0, 2.0, 4.0, 8.0)
"""The delays of the retry tiers here: with the real ones, up to 125 s, a seed would take minutes of mere waiting."""
TURNS = {
    "steps to the API": ("durable_worker", False),
    "steps to the workers": ("durable_worker", True),
    "outbox on": ("outbox", True),
    "outbox off": ("outbox", False),
}
"""No kill but a turn of a flag, and what to."""
INFRASTRUCTURE = ("kafka", "postgres", "endpoint", "supervisor")


@dataclass(frozen=True)
class Point:
    """A place in a process at which it ends itself, at the `nth` time it comes by. `topic` narrows it to a prefix."""

    name: str
    topic: str = ""
    most: int = 20

    def __str__(self) -> str:
        return f"{self.name} {self.topic}".strip()


WORKERS = (
    Point("before_publish", "muniment.documents"),
    Point("published", "muniment.documents"),
    Point("published", "muniment.chunks"),
    Point("before_publish", "muniment.embeddings"),
    Point("published", "muniment.embeddings"),
    Point("decided"),
    Point("outbox_full"),
    Point("outbox_emptied"),
    Point("paid"),
    Point("counted"),
    Point("before_commit"),
    Point("committed"),
    Point("published", "muniment.retry", 5),
    Point("before_publish", "muniment.redelivery", 5),
    Point("published", "muniment.redelivery", 5),
)
PROJECTIONS = (Point("folding"), Point("folded"))
API = (Point("stored"), Point("before_publish", "muniment.commands"), Point("published", "muniment.commands"))
CHOSEN = {"workers": WORKERS, "projections": PROJECTIONS, "api": API}


@dataclass(frozen=True)
class Kill:
    """One `kill -9`, `at_s` seconds after the first upload: at once, or when the process comes to a chosen point.

    Or, when `kind` is one of `TURNS`, another thing that happens then.
    """

    at_s: float
    kind: str
    point: Point | None = None
    nth: int = 1

    def __str__(self) -> str:
        return f"{self.kind} at {self.point} ({self.nth})" if self.point else self.kind


@dataclass(frozen=True)
class Plan:
    """A seed's kills, in order of time, and its weather as the endpoint takes it.

    `during` are kills while operators do something: the time is counted from when it was asked for. `erases`: some
    documents are erased at the end.
    """

    seed: int
    kills: tuple[Kill, ...]
    weather: dict[str, Any]
    during: Mapping[str, Kill] = field(default_factory=dict)
    erases: bool = False

    @property
    def interruptions(self) -> int:
        """How often a step may be cut short: by every kill, as what one part ends another one's work may depend on."""
        return len([kill for kill in (*self.kills, *self.during.values()) if kill.kind not in TURNS])

    @property
    def at_payment(self) -> bool:
        """Whether a worker is killed on purpose at the moment that it has been answered, and not by chance."""
        return any(kill.point is not None and kill.point.name == "paid" for kill in self.kills)


def plan_of(seed: int) -> Plan:
    """The same for the same seed. Points and kinds go round with the seeds, so that few seeds miss none for long."""
    draw = random.Random(f"plan {seed}")
    kills = [_chosen(draw, "workers", WORKERS[seed % len(WORKERS)], draw.uniform(0.5, 4))]
    kind = ("api", "projections")[seed % 2]
    if draw.random() < 0.67:
        kills.append(_chosen(draw, kind, draw.choice(CHOSEN[kind]), draw.uniform(2, 8)))
    else:
        kills.append(Kill(draw.uniform(2, 8), kind))
    kills.append(Kill(draw.uniform(3, 9), INFRASTRUCTURE[seed % len(INFRASTRUCTURE)]))
    if draw.random() < 0.3:
        kills.append(Kill(draw.uniform(12, 18), "workers"))
    if seed % 3 == 2:
        off = draw.uniform(1, 6)
        kills += [Kill(off, "steps to the API"), Kill(off + draw.uniform(1, 12), "steps to the workers")]
    if seed % len(INFRASTRUCTURE) == 0:
        # Commands are accepted while Kafka, which is killed in between, is away.
        kills += [Kill(draw.uniform(0.1, 0.5), "outbox on"), Kill(draw.uniform(11, 15), "outbox off")]
    during = {}
    if seed % 5 == 2:
        during["redrive"] = Kill(draw.uniform(0, 2), "workers")
    if erases := seed % 3 == 0:
        during["erasure"] = Kill(draw.uniform(0, 8), draw.choice(("workers", "postgres", "kafka", "api")))
    return Plan(seed, tuple(sorted(kills, key=lambda kill: kill.at_s)), _weather(seed), during, erases)


def pace_of(share: float) -> float:
    """How much time a run with this share of the documents is given, as a share of that of all of them."""
    return max(PACE_LEAST, min(1.0, share))


def sooner(plan: Plan, share: float) -> Plan:
    """The same for this share of the documents: sooner, and as many fewer times has a process to come by its point."""
    pace = pace_of(share)

    def one(kill: Kill) -> Kill:
        return replace(kill, at_s=kill.at_s * pace, nth=max(1, ceil(kill.nth * min(1.0, share))))

    during = {what: one(kill) for what, kill in plan.during.items()}
    return replace(plan, kills=tuple(one(kill) for kill in plan.kills), during=during)


def _chosen(draw: random.Random, kind: str, point: Point, at_s: float) -> Kill:
    return Kill(at_s, kind, point, draw.randint(1, point.most))


def _weather(seed: int) -> dict[str, Any]:
    """Three in ten calls 429, with every form of `Retry-After`; one in twenty 500; one in fifty stalls."""
    limited = {"kind": "status", "status": 429}
    faults = [
        [0.15, {**limited, "retry_after": "1"}],
        [0.05, {**limited, "retry_after": "2"}],
        [0.05, {**limited, "retry_after": "date:1"}],
        [0.05, limited],
        [0.05, {"kind": "status", "status": 500}],
        [0.02, {"kind": "hang", "seconds": 5.0}],
    ]
    return {"seed": seed, "faults": faults}
