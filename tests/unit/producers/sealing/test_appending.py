"""What becomes of a log while it is sealed, on a log in memory."""

from typing import Any

import pytest

from muniment.producers.sealing.adopting import Adopting
from muniment.producers.sealing.appending import Appending
from muniment.producers.sealing.batches import CorruptBatch
from muniment.producers.sealing.log_reader import Extent
from muniment.producers.sealing.store import Finding, Log
from muniment.schemas.proofs.leaves import Gap, GapReason
from muniment.schemas.proofs.tiles import Growing
from muniment.schemas.topics import AUDIT_CHECKPOINTS


class Reader:
    """Offsets 0 to 4 are missing, 5 cannot be read, and there is nothing after it."""

    async def extents(self, topics: Any) -> Any:
        return {(topic, 0): Extent(0, 6) for topic in topics}

    async def read(self, place: Any, at: int) -> Any:
        if at == 5:
            raise CorruptBatch(5, 6)
        return ([Gap(*place, 0, 5, GapReason.MISSING)], 5) if at < 5 else ([], at)


class Store:
    """Keeps what is appended."""

    def __init__(self) -> None:
        self.appended: list[int] = []

    async def append(self, log: Log, *given: Any) -> None:
        log.next_offset = given[-1]
        self.appended.append(given[-1])


async def test_what_is_missing_is_told_before_it_is_sealed_whatever_fails_after() -> None:
    """Once it is sealed as missing nobody looks there again: a finding that came after that could be lost for good."""
    store: Any = Store()
    reader: Any = Reader()
    signer: Any = None
    log = Log(1, "t", 0, Growing(0, {}), 0, 0, {})
    told: list[tuple[Finding, list[int]]] = []

    async def sealed() -> None:
        async for finding in Appending(reader, store, signer).seal(log, Extent(0, 6)):
            told.append((finding, list(store.appended)))  # noqa: PERF401 - what came before the failure counts

    with pytest.raises(CorruptBatch):
        await sealed()
    assert [(one.kind, one.first_offset, before) for one, before in told] == [("missing", 0, [])]
    assert store.appended == [5]


class Pool:
    """Nothing was adopted so far."""

    def __init__(self) -> None:
        self.adopted: list[int] = []

    async def fetchval(self, *_: object) -> None:
        return None

    async def execute(self, _: str, partition: int, offset: int) -> None:
        del partition
        self.adopted.append(offset)


class Keys:
    """Nobody signs."""

    def public_keys(self) -> tuple[()]:
        return ()


async def test_a_damaged_batch_of_checkpoints_is_told_and_passed_by() -> None:
    """It would keep the sealer, and with it every worker, from starting."""
    pool = Pool()
    keys: Any = Keys()
    reader: Any = Reader()
    codec: Any = None
    wrong = await Adopting(pool, reader, codec, keys).catch_up()
    damaged = Finding("corrupt", 5, 6, "the batch of offsets 5 to 5 fails its checksum")
    assert wrong == [((AUDIT_CHECKPOINTS.name, 0), damaged)]
    assert pool.adopted == [5, 6]
