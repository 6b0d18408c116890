"""How far the audited topics are sealed, as a page shows it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Sealed:
    """One partition.

    Attributes:
        size: Leaves of its tree.
        signed_size: Leaves of the newest checkpoint; fewer for a moment, while one is about to be signed.
        signed_at: When that was signed.
        outside_at: When a checkpoint was last put where nobody here can change it; `None`: never.
        checked: Share of its leaves that were compared with the log again in the present pass, from 0 to 1.
        passes: How often all of it was compared again.
        halted: Why nothing more is sealed; empty when all is well.

    """

    topic: str
    partition: int
    size: int
    next_offset: int
    signed_size: int
    signed_at: datetime | None
    key_id: str
    outside_at: datetime | None
    checked: float
    passes: int
    halted: str


@dataclass(frozen=True, slots=True)
class Topic:
    """All partitions of a topic together."""

    name: str
    partitions: tuple[Sealed, ...]

    @property
    def leaves(self) -> int:
        """Of all its trees."""
        return sum(one.size for one in self.partitions)

    @property
    def signed_at(self) -> datetime | None:
        """When anything of it was signed last."""
        return max((one.signed_at for one in self.partitions if one.signed_at), default=None)

    @property
    def outside_at(self) -> datetime | None:
        """When anything of it was put elsewhere last."""
        return max((one.outside_at for one in self.partitions if one.outside_at), default=None)

    @property
    def unsigned(self) -> int:
        """Leaves that no checkpoint has yet."""
        return sum(max(0, one.size - one.signed_size) for one in self.partitions)

    @property
    def halted(self) -> int:
        """Partitions of which nothing more is sealed."""
        return sum(bool(one.halted) for one in self.partitions)


def topics(rows: Sequence[Mapping[str, Any]]) -> list[Topic]:
    """The rows of `Proofs.logs` by topic, in the order of their names."""
    by: dict[str, list[Sealed]] = {}
    for row in rows:
        by.setdefault(row["topic"], []).append(_sealed(row))
    return [Topic(name, tuple(parts)) for name, parts in sorted(by.items())]


def _sealed(row: Mapping[str, Any]) -> Sealed:
    return Sealed(
        topic=row["topic"],
        partition=row["partition"],
        size=row["size"],
        next_offset=row["next_offset"],
        signed_size=row["signed_size"] or 0,
        signed_at=row["signed_at"],
        key_id=row["key_id"] or "",
        outside_at=row["outside_at"],
        checked=row["checked_index"] / row["size"] if row["size"] else 1.0,
        passes=row["passes"],
        halted=row["halted"] or "",
    )
