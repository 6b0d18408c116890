"""Takes what is new of one partition into its tree, and has it signed."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence

from muniment.producers.sealing.log_reader import Extent, LogReader
from muniment.producers.sealing.store import Finding, Log, SealingStore
from muniment.producers.signing import Signer
from muniment.schemas.metrics import SEALED_LEAVES
from muniment.schemas.proofs.leaves import Gap, GapReason, Leaf, encode
from muniment.schemas.proofs.merkle import leaf_hash

SHORT_ROUNDS = 2
"""Rounds in a row in which a log has to end too soon, or not to be there, before that is reported."""
FETCHES = 25
"""How often a log is asked for more before it is the next one's turn."""


class Contradiction(Exception):
    """The log now has another tree than the one that was signed for the same size."""


class Appending:
    """`records_max`: how many leaves go into one checkpoint, more or less. `for_ever`: topics that lose nothing."""

    def __init__(
        self,
        reader: LogReader,
        store: SealingStore,
        signer: Signer,
        *,
        records_max: int = 10_000,
        for_ever: Collection[str] = (),
    ) -> None:
        self._reader = reader
        self._store = store
        self._signer = signer
        self._records_max = records_max
        self._for_ever = for_ever

    async def seal(self, log: Log, extent: Extent) -> AsyncIterator[Finding]:
        """Seal up to the end that the log has now, or a good part of the way; gives what is wrong with it.

        What is missing is given before it is sealed as missing: whoever keeps it then loses it to no failure after.

        Raises:
            Contradiction: The log is not the one that was signed before; nothing more of it may be signed.
            OtherInstallation: What is new is in the tree, and is not signed with the keys of this host.
            Overtaken, CorruptBatch, StepFailure: See where they are raised; all of it may be tried again.

        """
        if extent.end < log.next_offset:
            # A new leader may show less for a moment (its high watermark follows): what stays short was cut off.
            log.short += 1
            told = f"sealed up to {log.next_offset}, but the log ends at {extent.end}"
            if log.short >= SHORT_ROUNDS:
                yield Finding("cut_off", extent.end, log.next_offset, told)
            return
        log.short = 0
        if extent.start and log.topic in self._for_ever:
            yield Finding("cut_short", 0, extent.start, "records are gone from a topic that is kept for ever")
        async for finding in self._go_on(log, extent):
            yield finding
        if log.known and log.next_offset >= extent.end:
            told = f"{max(log.known)} leaves were signed, but the log has no more than {log.tree.size}"
            yield Finding("cut_off", log.next_offset, log.next_offset + 1, told)
        elif log.tree.size > log.signed and not log.known:
            await self._store.sign(log, self._signer)

    async def _go_on(self, log: Log, extent: Extent) -> AsyncIterator[Finding]:
        """Append what there is, a good part of the way; gives what is missing before it counts as sealed."""
        for _ in range(FETCHES):
            if log.next_offset >= extent.end:
                break
            leaves, next_offset = await self._next(log, extent)
            if not leaves:
                break  # Its beginning moved meanwhile, or the end has: the next round sees.
            for leaf in leaves:
                if isinstance(leaf, Gap) and _is_missing(leaf):
                    yield _missing(leaf)
            await self._append(log, leaves, next_offset)
            if log.tree.size - log.signed >= self._records_max and not log.known:
                await self._store.sign(log, self._signer)

    async def _next(self, log: Log, extent: Extent) -> tuple[list[Leaf], int]:
        if log.next_offset < extent.start:
            gap = Gap(log.topic, log.partition, log.next_offset, extent.start, GapReason.RETENTION)
            return [gap], extent.start
        return await self._reader.read((log.topic, log.partition), log.next_offset)

    async def _append(self, log: Log, leaves: Sequence[Leaf], next_offset: int) -> None:
        hashes = await asyncio.to_thread(lambda: [leaf_hash(encode(leaf)) for leaf in leaves])
        at = 0
        while at < len(leaves):
            # Not past a size that was signed before: the tree has to be the same there.
            before = log.tree.size
            until = min([len(leaves), *(at + size - before for size in log.known)])
            tiles = await asyncio.to_thread(log.tree.append, hashes[at:until])
            part = leaves[at:until]
            gaps = [(before + index, leaf) for index, leaf in enumerate(part) if isinstance(leaf, Gap)]
            self._compare(log)
            at = until
            end = next_offset if at == len(leaves) else leaves[at].offset
            await self._store.append(log, before, tiles, gaps, end)
            SEALED_LEAVES.inc(len(part))

    def _compare(self, log: Log) -> None:
        signed = log.known.pop(log.tree.size, None)
        if signed is None:
            return
        if log.tree.head().root != signed:
            raise Contradiction(f"the log's first {log.tree.size} leaves are not those that were signed")
        log.signed = log.tree.size


def _is_missing(gap: Gap) -> bool:
    return gap.reason is GapReason.MISSING


def _missing(gap: Gap) -> Finding:
    return Finding("missing", gap.offset, gap.next_offset, "the log has no record there, and nothing says why")
