"""Feature flags: switches that operators turn while everything runs. One entry here adds one.

A flag that nobody has set has its default. Its history is the `FlagChanged` events of `muniment.operations`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Flag:
    """What a flag is before anybody sets it, and what it means when it is on."""

    default: bool
    meaning: str


FLAGS: Mapping[str, Flag] = MappingProxyType(
    {
        "durable_worker": Flag(
            default=True,
            meaning="The worker processes run the steps. Off: the API process runs the same steps in the same groups.",
        ),
        "outbox": Flag(
            default=False,
            meaning="While Kafka is away the API accepts commands into Postgres and sends them on in order later. "
            "Off: it answers 503.",
        ),
    }
)
"""Every flag by its name."""
