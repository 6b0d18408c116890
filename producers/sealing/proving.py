"""Makes proofs from what was sealed: which leaf stands for an offset, and what shows it to be in a signed tree."""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from muniment.producers.postgres import database
from muniment.schemas.proofs.leaves import GapReason
from muniment.schemas.proofs.merkle import (
    Node,
    Nodes,
    Range,
    consistency_ranges,
    inclusion_ranges,
    needed,
    range_hash,
)
from muniment.schemas.proofs.tiles import nodes_in, tile_of
from muniment.schemas.record import Position
from muniment.schemas.topics import AUDIT_CHECKPOINTS, SEALED

_LOG = "select log_id, next_offset from muniment_sealing.logs where topic = $1 and partition = $2"
_CHECKPOINT = """
select l.log_id, c.size, c.next_offset, c.note
from muniment_sealing.checkpoints c join muniment_sealing.logs l using (log_id)
where l.topic = $1 and l.partition = $2 and ($3::bigint is null or c.size = $3) order by c.size desc limit 1"""
_FIRST_WITH = """
select size, next_offset, note from muniment_sealing.checkpoints
where log_id = $1 and next_offset > $2 order by size limit 1"""
_GAPS = """
(select leaf_index, first_offset, next_offset, reason from muniment_sealing.gaps
 where log_id = $1 and first_offset <= $2 order by first_offset desc limit 1)
union all
select leaf_index, first_offset, next_offset, reason from muniment_sealing.gaps
where log_id = $1 and first_offset > $2 and first_offset <= $3
order by first_offset"""
_TILES = """
select level, number, hashes from muniment_sealing.tiles
where log_id = $1 and (level, number) in (select * from unnest($2::smallint[], $3::bigint[]))"""
_HISTORY = """
select l.topic, l.partition, c.size, c.next_offset, c.signed_at, c.key_id, c.note, c.position, c.outside_at
from muniment_sealing.checkpoints c join muniment_sealing.logs l using (log_id)
where l.topic = $1 and l.partition = $2 and ($3::bigint is null or c.size < $3) order by c.size desc limit $4"""
_NEWEST = """
select l.topic, l.partition, c.size, c.next_offset, c.signed_at, c.key_id, c.note, c.position, c.outside_at
from muniment_sealing.logs l cross join lateral (
    select * from muniment_sealing.checkpoints c where c.log_id = l.log_id order by size desc limit 1) c
where ($1::text is null or l.topic = $1) and ($2::integer is null or l.partition = $2)
order by l.topic, l.partition"""
_FINDINGS = """
select l.topic, l.partition, f.kind, f.first_offset, f.next_offset, f.detail, f.found_at,
    f.acknowledged_at, f.acknowledged_by, f.reason
from muniment_sealing.findings f join muniment_sealing.logs l using (log_id)
order by f.acknowledged_at is not null, f.found_at desc limit $1"""

# The topic of checkpoints is not sealed; a row of it only holds what was found on it.
_LOGS = """
select l.topic, l.partition, l.size, l.next_offset, l.checked_index, l.checked_at, l.passes, l.halted,
    c.size as signed_size, c.signed_at, c.key_id, c.position, o.size as outside_size, o.outside_at
from muniment_sealing.logs l
left join lateral (
    select * from muniment_sealing.checkpoints c where c.log_id = l.log_id order by size desc limit 1) c on true
left join lateral (
    select size, outside_at from muniment_sealing.checkpoints c
    where c.log_id = l.log_id and outside_at is not null order by size desc limit 1) o on true
where l.topic <> $1
order by l.topic, l.partition"""


class NotSealed(Exception):
    """Nothing was signed that could prove it; the message says whether that may still come."""


def nothing_of(topic: str, partition: int) -> str:
    """Why nothing proves a record of this partition; of a topic that is never sealed, which ones are."""
    names = sorted(one.name for one in SEALED)
    never = "" if topic in names else f": {topic} is no topic that is; those are {', '.join(names)}"
    return f"nothing of {topic}:{partition} was sealed{never}"


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint as it was signed, with what is read from it."""

    size: int
    next_offset: int
    note: str


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That one leaf is in a signed tree.

    Attributes:
        position: What was asked for.
        first_offset, next_offset: The offsets that the leaf stands for: one for a record, perhaps many for a gap.
        gap: Why there is no record (see `GapReason`), or `None` when there is one.
        leaf_index: The number of the leaf.
        leaf_hash: What the leaf has to hash to.
        path: The proof (RFC 9162), the nearest hash first.
        checkpoint: The tree that it is in.

    """

    position: Position
    first_offset: int
    next_offset: int
    gap: GapReason | None
    leaf_index: int
    leaf_hash: bytes
    path: tuple[bytes, ...]
    checkpoint: Signed


@dataclass(frozen=True, slots=True)
class Consistency:
    """That one signed tree is the beginning of another."""

    old: Signed
    new: Signed
    path: tuple[bytes, ...]


class Proofs:
    """Every call raises `StepFailure(database_unavailable)` when Postgres is away."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def inclusion(self, position: Position, *, size: int | None = None) -> Inclusion:
        """Prove a position to be in the newest checkpoint, or in that of `size` leaves. Raises `NotSealed`."""
        async with database(), self._pool.acquire() as connection:
            log_id, checkpoint = await _log_and_checkpoint(connection, position.topic, position.partition, size)
            return (await _included(connection, log_id, [position], checkpoint))[0]

    async def inclusions(self, positions: Sequence[Position], checkpoint: Signed) -> list[Inclusion]:
        """Prove positions of one partition to be in one of its checkpoints. Raises `NotSealed`."""
        async with database(), self._pool.acquire() as connection:
            log_id = await _log_id(connection, positions[0].topic, positions[0].partition)
            return await _included(connection, log_id, positions, checkpoint)

    async def consistency(self, topic: str, partition: int, old: int, new: int | None) -> Consistency:
        """Prove the checkpoint of `old` leaves to be the beginning of another, the newest by default.

        Raises:
            NotSealed: There is no checkpoint of that size.
            ValueError: `old` is above `new`.

        """
        async with database(), self._pool.acquire() as connection:
            log_id, first = await _log_and_checkpoint(connection, topic, partition, old)
            _, last = await _log_and_checkpoint(connection, topic, partition, new)
            spans = consistency_ranges(first.size, last.size)
            nodes = await _nodes(connection, log_id, needed(spans))
        return Consistency(first, last, _hashes(spans, nodes))

    async def root(self, log_id: int, size: int) -> bytes:
        """The root of the tree as it was with so many leaves. Raises `NotSealed` where it never had them."""
        async with database(), self._pool.acquire() as connection:
            return range_hash((0, size), await _nodes(connection, log_id, needed([(0, size)])))

    async def newest(self, topic: str, partition: int) -> Signed:
        """The newest checkpoint of a partition. Raises `NotSealed`."""
        async with database(), self._pool.acquire() as connection:
            return (await _log_and_checkpoint(connection, topic, partition, None))[1]

    async def first_with(self, position: Position) -> Signed:
        """The checkpoint by which a position was sealed. Raises `NotSealed`."""
        async with database(), self._pool.acquire() as connection:
            log_id = await _log_id(connection, position.topic, position.partition)
            row = await connection.fetchrow(_FIRST_WITH, log_id, position.offset)
        if row is None:
            raise NotSealed(f"{position} is in no checkpoint yet")
        return Signed(*row)

    async def checkpoints(self, topic: str | None, partition: int | None) -> list[Any]:
        """The newest checkpoint of every partition, as rows."""
        async with database():
            found: list[Any] = await self._pool.fetch(_NEWEST, topic, partition)
        return found

    async def history(self, topic: str, partition: int, *, below: int | None, limit: int) -> list[Any]:
        """Checkpoints of one partition, the newest first, of fewer than `below` leaves, as rows."""
        async with database():
            found: list[Any] = await self._pool.fetch(_HISTORY, topic, partition, below, limit)
        return found

    async def logs(self) -> list[Any]:
        """How far every partition is sealed, signed, compared with the log again and put elsewhere, as rows."""
        async with database():
            found: list[Any] = await self._pool.fetch(_LOGS, AUDIT_CHECKPOINTS.name)
        return found

    async def findings(self, limit: int = 1000) -> list[Any]:
        """What is not as it was sealed, the newest first, what was acknowledged last, as rows."""
        async with database():
            found: list[Any] = await self._pool.fetch(_FINDINGS, limit)
        return found


async def _log_id(connection: Any, topic: str, partition: int) -> int:
    row = await connection.fetchrow(_LOG, topic, partition)
    if row is None:
        raise NotSealed(nothing_of(topic, partition))
    return int(row["log_id"])


async def _log_and_checkpoint(connection: Any, topic: str, partition: int, size: int | None) -> tuple[int, Signed]:
    row = await connection.fetchrow(_CHECKPOINT, topic, partition, size)
    if row is None:
        await _log_id(connection, topic, partition)
        which = f"{topic}:{partition}"
        told = f"{which} has no checkpoint of {size} leaves: `muniment audit checkpoints {which}` lists those it has"
        raise NotSealed("nothing was signed yet" if size is None else told)
    return row["log_id"], Signed(row["size"], row["next_offset"], row["note"])


async def _included(connection: Any, log_id: int, positions: Sequence[Position], checkpoint: Signed) -> list[Inclusion]:
    leaves = await _leaves(connection, log_id, positions, checkpoint)
    paths = [inclusion_ranges(leaf[0], checkpoint.size) for leaf in leaves]
    wanted = needed(span for spans in paths for span in spans) | {(0, leaf[0]) for leaf in leaves}
    nodes = await _nodes(connection, log_id, wanted)
    return [
        Inclusion(position, first, after, gap, index, nodes[0, index], _hashes(spans, nodes), checkpoint)
        for position, (index, first, after, gap), spans in zip(positions, leaves, paths, strict=True)
    ]


async def _leaves(
    connection: Any, log_id: int, positions: Sequence[Position], checkpoint: Signed
) -> list[tuple[int, int, int, GapReason | None]]:
    """Of each offset: the number of its leaf, the offsets that the leaf stands for, and why, if it is a gap."""
    offsets = [one.offset for one in positions]
    if max(offsets) >= checkpoint.next_offset:
        told = f"{positions[0].topic}:{positions[0].partition}:{max(offsets)} is not sealed yet"
        raise NotSealed(f"{told}: the checkpoint ends before offset {checkpoint.next_offset}")
    rows = await connection.fetch(_GAPS, log_id, min(offsets), max(offsets))
    firsts = [row["first_offset"] for row in rows]
    return [_leaf(offset, rows[found - 1] if (found := bisect_right(firsts, offset)) else None) for offset in offsets]


def _leaf(offset: int, gap: Any) -> tuple[int, int, int, GapReason | None]:
    """`gap` is the last one that begins at or before the offset."""
    if gap is None:
        return offset, offset, offset + 1, None
    index, first, after, reason = gap
    if offset < after:
        return index, first, after, GapReason(reason)
    return index + 1 + offset - after, offset, offset + 1, None


async def _nodes(connection: Any, log_id: int, wanted: Collection[Node]) -> Nodes:
    tiles = sorted({tile_of(node) for node in wanted})
    rows = await connection.fetch(_TILES, log_id, [tile[0] for tile in tiles], [tile[1] for tile in tiles])
    try:
        return nodes_in(wanted, {(row["level"], row["number"]): row["hashes"] for row in rows})
    except (KeyError, ValueError):
        # Checkpoints were taken over from outside, and the log does not lead up to them: it is halted.
        raise NotSealed("the tree has fewer leaves here than were signed: see `muniment audit findings`") from None


def _hashes(spans: Iterable[Range], nodes: Nodes) -> tuple[bytes, ...]:
    return tuple(range_hash(span, nodes) for span in spans)
