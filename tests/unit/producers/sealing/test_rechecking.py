"""What was sealed is compared with the log again, whatever lies between."""

from typing import Any

from muniment.producers.sealing import rechecking
from muniment.producers.sealing.batches import CorruptBatch
from muniment.producers.sealing.log_reader import Extent
from muniment.producers.sealing.rechecking import Rechecking, Sealed
from muniment.producers.sealing.store import Finding
from muniment.schemas.proofs.leaves import Gap, GapReason, Leaf, LogRecord, encode
from muniment.schemas.proofs.merkle import leaf_hash

PLACE = ("muniment.documents", 0)


def leaf(offset: int, value: bytes = b"as it was") -> LogRecord:
    return LogRecord(*PLACE, offset, 0, b"key", (), value)


class Log:
    """Batches of two records; those that begin at `corrupt` fail their checksum, or cannot be read at all."""

    def __init__(self, *corrupt: int, changed: int = -1, readable: bool = True) -> None:
        self.corrupt, self.changed, self.readable = corrupt, changed, readable
        self.fetches = 0

    async def read(self, place: Any, at: int) -> tuple[list[Leaf], int]:
        assert place == PLACE
        self.fetches += 1
        first = at - at % 2
        if first in self.corrupt:
            # Where nothing says how long it is, the next offset may be of the same batch.
            raise CorruptBatch(first, first + 2) if self.readable else CorruptBatch(at, at + 1)
        found = [leaf(at, b"another" if at == self.changed else b"as it was") for at in range(at, first + 2)]
        return list(found), first + 2


SEALED = [Sealed(n, n + 1, None, leaf_hash(encode(leaf(n)))) for n in range(10)]


async def compared(log: Log, start: int = 0) -> tuple[int, list[Finding]]:
    return await Rechecking(None, log)._compare(PLACE, SEALED[start:], Extent(0, 10))  # type: ignore[arg-type]


async def whole(log: Log) -> list[Finding]:
    """Findings of all turns that a slice takes."""
    done, out = 0, []
    while done < len(SEALED):
        count, found = await compared(log, done)
        assert count
        done, out = done + count, out + found
    return out


async def test_what_lies_behind_a_corrupt_batch_is_compared() -> None:
    """The batch is told once; a record that was changed behind it is found in the same pass."""
    found = await whole(Log(2, changed=7))
    assert [(one.kind, one.first_offset, one.next_offset) for one in found] == [("corrupt", 2, 4), ("changed", 7, 8)]


async def test_a_batch_that_nobody_can_read_is_told_once_a_turn_and_passed() -> None:
    """Its length is not known: what stands for its offsets is not called removed as well."""
    done, found = await compared(Log(2, readable=False), 2)
    assert (done, [(one.kind, one.first_offset, one.next_offset) for one in found]) == (2, [("corrupt", 2, 4)])
    found = await whole(Log(2, changed=7, readable=False))
    assert {one.kind for one in found if one.first_offset in {2, 3}} == {"corrupt"}
    assert [one.first_offset for one in found if one.kind != "corrupt"] == [7]


async def test_no_more_is_compared_than_was_read() -> None:
    """The next turn begins where this one has stopped, after its number of fetches."""
    log = Log(0)
    assert await compared(log) == (4, [Finding("corrupt", 0, 2, "the batch of offsets 0 to 1 fails its checksum")])
    assert log.fetches == 2


def test_a_gap_that_is_not_what_was_sealed_is_found() -> None:
    """A row of the tables says that retention took a record, and its leaf is that of the record still."""
    gap = Gap(*PLACE, 6, 8, GapReason.RETENTION)
    honest = Sealed(6, 8, "retention", leaf_hash(encode(gap)))
    for reason in ("retention", "missing", "control"):
        sealed = [*SEALED[:4], Sealed(4, 5, reason, SEALED[4].digest), SEALED[5], honest, *SEALED[8:]]
        found = rechecking._no_gaps(PLACE, sealed)
        assert [(one.kind, one.first_offset, one.next_offset) for one in found] == [("tree", 4, 5)], reason
