"""Gathers what goes into an evidence bundle: sealed leaves with their proofs, and what the log has there now."""

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, dropwhile, islice
from operator import gt

from muniment.producers.sealing.batches import CorruptBatch
from muniment.producers.sealing.log_reader import Extent, LogReader, Place
from muniment.producers.sealing.proving import Inclusion, NotSealed, Proofs, Signed
from muniment.schemas.proofs.bundle import Grown, Item, Part
from muniment.schemas.proofs.checkpoints import parse_checkpoint
from muniment.schemas.proofs.leaves import Gap, Leaf, LogRecord, encode
from muniment.schemas.proofs.merkle import leaf_hash
from muniment.schemas.proofs.notes import parse_note
from muniment.schemas.record import Position

BATCH = 500
"""Leaves that are proved at once."""
Wanted = Callable[[LogRecord], bool]


@dataclass(frozen=True, slots=True)
class Span:
    """Offsets of a partition, from the first to the last one."""

    topic: str
    partition: int
    first: int
    last: int

    @classmethod
    def parse(cls, text: str) -> "Span":
        """`topic:partition:first-last`; `ValueError` for anything else."""
        try:
            topic, partition, offsets = text.rsplit(":", 2)
            first, _, last = offsets.partition("-")
            out = cls(topic, int(partition), int(first), int(last or first))
        except ValueError:
            out = cls("", 0, 0, 0)
        if not (out.topic and 0 <= out.first <= out.last and out.partition >= 0):
            raise ValueError("not a range: write TOPIC:PARTITION:FROM-TO")
        return out

    def __str__(self) -> str:
        return f"{self.topic}:{self.partition}:{self.first}-{self.last}"


def sizes_of(notes: Iterable[str]) -> dict[Place, set[int]]:
    """Of which partitions checkpoints were kept, and how many leaves each has; `ValueError` for what is none."""
    found: dict[Place, set[int]] = {}
    for note in notes:
        checkpoint = parse_checkpoint(parse_note(note).text)
        found.setdefault(checkpoint.log, set()).add(checkpoint.head.size)
    return found


class Exporting:
    """Every call raises `StepFailure` when broker or database are away, and `NotSealed` for what was not signed yet.

    `kept`: sizes of checkpoints that whoever asks has kept, by partition; each is tied to the bundle's own by a proof.
    `for_ever`: topics that lose nothing.
    """

    def __init__(
        self,
        proofs: Proofs,
        reader: LogReader,
        *,
        kept: Mapping[Place, Collection[int]] | None = None,
        for_ever: Collection[str] = (),
    ) -> None:
        self._proofs = proofs
        self._reader = reader
        self._kept = kept or {}
        self._for_ever = for_ever

    async def span(self, span: Span) -> Part:
        """Everything in a range of offsets, sealed gaps and what is lost since included."""
        place = (span.topic, span.partition)
        signed = await self._proofs.newest(*place)
        if span.last >= signed.next_offset:
            raise NotSealed(f"{span.topic}:{span.partition} is signed up to offset {signed.next_offset - 1} only")
        extent = (await self._reader.extents([span.topic])).get(place, Extent(0, 0))
        there = {leaf.offset: leaf async for leaf in self._leaves(place, extent, span.first, span.last + 1)}
        proofs = self._sealed(place, signed, range(span.first, span.last + 1))
        return await self._part(place, signed, [self._item(proof, there, extent) async for proof in proofs])

    async def matching(self, places: Sequence[Place], wanted: Wanted) -> list[Part]:
        """All sealed records of these partitions that are wanted; partitions without any are left out.

        With them every record that was sealed and is gone since: nobody can say that it was not wanted.
        """
        parts = []
        for place in places:
            try:
                signed = await self._proofs.newest(*place)
            except NotSealed:
                continue  # So it is empty, or was a moment ago.
            # After the checkpoint: so the log does not seem shorter than what was signed of it meanwhile.
            extent = (await self._reader.extents([place[0]])).get(place, Extent(0, 0))
            found, offsets = await self._found(place, extent, signed.next_offset, wanted)
            items = [
                self._item(proof, found, extent)
                async for proof in self._sealed(place, signed, chain.from_iterable(offsets))
                # Of a gap there is something to say only if a record is where there was none.
                if proof.gap is None or not found.keys().isdisjoint(range(proof.first_offset, proof.next_offset))
            ]
            if items:
                parts.append(await self._part(place, signed, items))
        return parts

    async def _found(
        self, place: Place, extent: Extent, end: int, wanted: Wanted
    ) -> tuple[dict[int, Leaf], list[range]]:
        """The records that are wanted, and in order their offsets and those that have no record now."""
        found: dict[int, Leaf] = {}
        offsets: list[range] = []
        at = 0
        async for leaf in self._leaves(place, extent, 0, end):
            if not isinstance(leaf, LogRecord):
                continue
            if at < leaf.offset:
                offsets.append(range(at, leaf.offset))
            at = leaf.next_offset
            if wanted(leaf):
                found[leaf.offset] = leaf
                offsets.append(range(leaf.offset, at))
        return found, [*offsets, range(at, end)]

    async def _sealed(self, place: Place, signed: Signed, offsets: Iterable[int]) -> AsyncIterator[Inclusion]:
        """The leaves that these offsets, which rise, were sealed in; each leaf once."""
        rest, at = iter(offsets), 0
        while wanted := [Position(*place, one) for one in islice(dropwhile(partial(gt, at), rest), BATCH)]:
            for proof in await self._proofs.inclusions(wanted, signed):
                if proof.position.offset >= at:
                    yield proof
                    at = proof.next_offset

    async def _leaves(self, place: Place, extent: Extent, first: int, end: int) -> AsyncIterator[Leaf]:
        """What the log has there now; a batch that fails its checksum is passed over, and so taken for gone."""
        at = max(first, extent.start)
        while at < min(end, extent.end):
            try:
                leaves, at = await self._reader.read(place, at)
            except CorruptBatch as error:
                leaves, at = [], error.next_offset
                continue
            if not leaves:
                return
            for leaf in leaves:
                if leaf.offset < end:
                    yield leaf

    async def _part(self, place: Place, signed: Signed, items: Sequence[Item]) -> Part:
        """With the checkpoint that first had the last of the items: it says by when they were there."""
        first = await self._proofs.first_with(Position(*place, items[-1].offset))
        notes = {first.size: first.note, signed.size: signed.note}
        grown = []
        for size in sorted({first.size, *self._kept.get(place, ())} - {signed.size}):
            if size > signed.size:
                told = f"a checkpoint of {size} leaves of {place[0]}:{place[1]} was kept"
                raise NotSealed(f"{told}, and only {signed.size} are sealed here: this is not the log that was signed")
            proof = await self._proofs.consistency(*place, size, signed.size)
            grown.append(Grown(size, signed.size, proof.path))
        return Part(*place, signed.size, notes, tuple(grown), tuple(items), place[0] in self._for_ever)

    def _item(self, proof: Inclusion, there: Mapping[int, Leaf], extent: Extent) -> Item:
        # Retention takes nothing from a log that is kept for ever: there somebody cut its beginning off.
        cut = "cut_short" if proof.position.topic in self._for_ever else "retention"
        return _item(proof, there, cut if proof.first_offset < extent.start else "missing")


def _item(proof: Inclusion, there: Mapping[int, Leaf], why: str) -> Item:
    """`why` the log has nothing there, if it has not."""
    position = proof.position
    leaf = there.get(proof.first_offset)
    if proof.gap is not None and (leaf is None or leaf_hash(encode(leaf)) != proof.leaf_hash):
        # Nothing is to be seen of a gap that retention left: what was sealed says all there is.
        leaf = Gap(position.topic, position.partition, proof.first_offset, proof.next_offset, proof.gap)
    elif isinstance(leaf, Gap) and proof.gap is None:
        leaf = None
    return Item(
        position.topic,
        position.partition,
        proof.first_offset,
        proof.next_offset,
        leaf,
        why if leaf is None else None,
        proof.leaf_index,
        proof.leaf_hash,
        proof.path,
    )
