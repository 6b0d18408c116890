"""Reads what was sealed before once more, a slice at a time, and compares: the log must still be what was signed."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from muniment.producers.postgres import database
from muniment.producers.sealing.batches import CorruptBatch
from muniment.producers.sealing.log_reader import Extent, LogReader, Place
from muniment.producers.sealing.own_tree import KIND as TREE
from muniment.producers.sealing.own_tree import OwnTree
from muniment.producers.sealing.store import Finding
from muniment.schemas.proofs.leaves import Gap, GapReason, Leaf, encode
from muniment.schemas.proofs.merkle import HASH_BYTES, leaf_hash
from muniment.schemas.proofs.tiles import WIDTH

_FETCHES = 2
"""How often the log is asked for more in one turn: large records are compared a few at a time."""
_NEXT = """
select log_id, topic, partition, checked_index, size from muniment_sealing.logs
where log_id = any($1) and size > 0 and (checked_index > 0 or checked_at < now() - make_interval(secs => $2))
order by checked_at, log_id limit 1"""
_GAP_BEFORE = """
select leaf_index, first_offset, next_offset, reason from muniment_sealing.gaps
where log_id = $1 and leaf_index <= $2 order by leaf_index desc limit 1"""
_GAPS = """
select leaf_index, first_offset, next_offset, reason from muniment_sealing.gaps
where log_id = $1 and leaf_index > $2 and leaf_index < $3 order by leaf_index"""
_TILES = """
select hashes from muniment_sealing.tiles
where log_id = $1 and level = 0 and number between $2 and $3 order by number"""
_CHECKED = """
update muniment_sealing.logs set
    checked_index = case when $2 >= size then 0 else $2 end,
    passes = passes + case when $2 >= size then 1 else 0 end,
    checked_at = now()
where log_id = $1"""

_NO_GAP = (
    "the tables here say that no record was there, and what was sealed is another leaf: somebody changed the tables"
)
_NO_LEAVES = "the leaves that are kept here are not those that were signed: somebody changed the tables"


@dataclass(frozen=True, slots=True)
class Sealed:
    """A leaf as it was sealed; `reason` for a gap, else `None`."""

    first_offset: int
    next_offset: int
    reason: str | None
    digest: bytes


class Rechecking:
    """At most `leaves_max` leaves are compared in one turn. A log rests `rest_s` after it was gone through."""

    def __init__(self, pool: Any, reader: LogReader, *, leaves_max: int = 2000, rest_s: float = 60.0) -> None:
        self._pool = pool
        self._reader = reader
        self._tree = OwnTree(pool)
        self._leaves_max = leaves_max
        self._rest_s = rest_s

    async def turn(self, log_ids: Sequence[int], extents: Mapping[Place, Extent]) -> tuple[int, list[Finding]]:
        """Compare the next slice of the log that was looked at longest ago; its id (0: nothing to do) and findings."""
        async with database():
            row = await self._pool.fetchrow(_NEXT, log_ids, self._rest_s)
        if row is None:
            return 0, []
        log_id, topic, partition, index, size = row
        extent = extents.get((topic, partition))
        if extent is None:
            # The sealer tells that it is gone. Here it waits its turn like any other, or no other would have one.
            async with database():
                await self._pool.execute(_CHECKED, log_id, index)
            return log_id, []
        sealed = await self._sealed(log_id, index, min(index + self._leaves_max, size))
        compared, findings = await self._compare((topic, partition), sealed, extent)
        findings += _no_gaps((topic, partition), sealed[:compared])
        findings += _not_the_tree(sealed, index, await self._tree.leaves(log_id, index, index + len(sealed)))
        if index + compared >= size:
            findings += await self._tree.upwards(log_id)
        async with database():
            await self._pool.execute(_CHECKED, log_id, index + compared)
        return log_id, findings

    async def _sealed(self, log_id: int, start: int, end: int) -> list[Sealed]:
        async with database(), self._pool.acquire() as connection, connection.transaction(readonly=True):
            before = await connection.fetchrow(_GAP_BEFORE, log_id, start)
            gaps = {row["leaf_index"]: row for row in await connection.fetch(_GAPS, log_id, start, end)}
            first = start // WIDTH
            tiles = await connection.fetch(_TILES, log_id, first, (end - 1) // WIDTH)
        hashes = b"".join(row["hashes"] for row in tiles)
        at = start
        if before is not None:
            gaps[before["leaf_index"]] = before
            at = before["next_offset"] + start - before["leaf_index"] - 1
            at = before["first_offset"] if before["leaf_index"] == start else at
        out = []
        for index in range(start, end):
            gap = gaps.get(index)
            place = (index - first * WIDTH) * HASH_BYTES
            digest = hashes[place : place + HASH_BYTES]
            until = gap["next_offset"] if gap else at + 1
            out.append(Sealed(at, until, gap["reason"] if gap else None, digest))
            at = until
        return out

    async def _compare(self, place: Place, sealed: list[Sealed], extent: Extent) -> tuple[int, list[Finding]]:
        out: list[Finding] = []
        there: dict[int, bytes] = {}
        read_to, fetches = sealed[0].first_offset, 0
        corrupt_to = read_to
        for number, one in enumerate(sealed):
            # What retention took is not there to compare; what was missing is reported already.
            if one.reason in {"retention", "missing"} or one.first_offset < extent.start:
                continue
            if one.first_offset >= extent.end:
                break  # Cut off: that is seen, and said, where the log's end is looked at.
            if read_to <= one.first_offset:
                if fetches == _FETCHES:
                    return number, out
                fetches += 1
                try:
                    leaves, read_to = await self._reader.read(place, one.first_offset)
                except CorruptBatch as error:
                    read_to = corrupt_to = error.next_offset
                    _corrupt(out, error)
                else:
                    there = await asyncio.to_thread(_hashes, leaves)
            if one.first_offset < corrupt_to:
                continue  # Said, for all of the batch.
            if (digest := there.get(one.first_offset)) != one.digest:
                out.append(_finding(one, there=digest is not None))
        return len(sealed), out


def _no_gaps(place: Place, sealed: Sequence[Sealed]) -> list[Finding]:
    """What the tables call a gap, and was sealed as something else."""
    return [
        Finding(TREE, one.first_offset, one.next_offset, _NO_GAP)
        for one in sealed
        if one.reason is not None
        and one.digest != leaf_hash(encode(Gap(*place, one.first_offset, one.next_offset, GapReason(one.reason))))
    ]


def _not_the_tree(sealed: Sequence[Sealed], index: int, wrong: Sequence[range]) -> list[Finding]:
    """One finding for each tile that does not lead up to the root: by the offsets of its leaves that are known here."""
    out = []
    for leaves in wrong:
        of = [one for number, one in enumerate(sealed, index) if number in leaves]
        out.append(Finding(TREE, of[0].first_offset, of[-1].next_offset, _NO_LEAVES))
    return out


def _hashes(leaves: Sequence[Leaf]) -> dict[int, bytes]:
    return {leaf.offset: leaf_hash(encode(leaf)) for leaf in leaves}


def _corrupt(found: list[Finding], error: CorruptBatch) -> None:
    """One finding a stretch: of a batch that cannot be read at all nothing says where it ends."""
    last = found[-1] if found and found[-1].kind == "corrupt" else None
    if last is not None and last.next_offset >= error.offset:
        found[-1] = Finding("corrupt", last.first_offset, max(last.next_offset, error.next_offset), last.detail)
    else:
        found.append(Finding("corrupt", error.offset, error.next_offset, str(error)))


def _finding(sealed: Sealed, *, there: bool) -> Finding:
    told = (
        "the record that was sealed is another one now" if there else "the record that was sealed is not there any more"
    )
    return Finding("changed" if there else "removed", sealed.first_offset, sealed.next_offset, told)
