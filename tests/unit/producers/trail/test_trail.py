"""The spool of the trail: entries outlive their process, and reach the log in order."""

import asyncio
import errno
import os

import pytest

from muniment.producers.trail import trail as module
from muniment.producers.trail.frames import framed
from muniment.producers.trail.spool import Spool, orphans
from muniment.producers.trail.trail import SpooledTrail
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.record import Record


def entry(number: int, size: int = 10) -> Record:
    """An entry that is told by its number."""
    return Record("muniment.audit", b"key", str(number).encode().rjust(size), (("ce_id", b"x"),))


class Log:
    """A log that is away until it is back."""

    def __init__(self) -> None:
        self.sent: list[int] = []
        self.back = asyncio.Event()
        self.back.set()

    async def send(self, record: Record) -> Record:
        await asyncio.sleep(0)
        if not self.back.is_set():
            raise StepFailure(ErrorCode.LOG_UNAVAILABLE, "away")
        self.sent.append(int(record.value))
        return record


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(module, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(module, "LONGEST_PAUSE_S", 0.02)
    monkeypatch.setattr(module, "LAST_S", 0.2)
    monkeypatch.setattr(module, "HEIRS_EVERY_S", 0.02)


async def test_entries_reach_the_log_in_order_and_leave_nothing_behind(tmp_path):
    """When all are confirmed, the file goes with the process."""
    log = Log()
    async with SpooledTrail(tmp_path, log) as trail:
        for number in range(500):
            trail.add(entry(number))
    assert log.sent == list(range(500))
    assert list(tmp_path.iterdir()) == []


async def test_while_the_log_is_away_entries_wait_on_the_disk(tmp_path):
    """Over many files of which memory holds two at most; then all go, in order, and the files with them."""
    log = Log()
    log.back.clear()
    async with SpooledTrail(tmp_path, log, file_bytes=2000) as trail:
        for number in range(300):
            trail.add(entry(number, size=100))
        await asyncio.sleep(0.05)
        assert log.sent == []
        assert trail.waiting_s > 0
        assert len(list(tmp_path.iterdir())) > 10
        assert sum(part.records is not None for part in trail._parts) <= 2
        log.back.set()
        async with asyncio.timeout(60):
            await trail._empty.wait()
        assert list(dict.fromkeys(log.sent)) == list(range(300))
        assert trail.waiting_s == 0
    assert list(tmp_path.iterdir()) == []


async def test_another_process_takes_over_what_one_left(tmp_path):
    """Of a killed process the file stays and its lock goes; half an entry at its end is nobody's."""
    dead = tmp_path / "1-dead.trail"
    dead.write_bytes(framed(entry(1)) + framed(entry(2)) + framed(entry(3))[:9])
    log = Log()
    async with SpooledTrail(tmp_path, log), asyncio.timeout(60):
        while dead.exists():  # noqa: ASYNC110 - a file tells nobody that it goes
            await asyncio.sleep(0.01)
    assert log.sent == [1, 2]


async def test_what_a_process_cannot_send_before_its_end_is_for_the_next(tmp_path):
    """The end of a process waits a moment for the log, not for ever."""
    away, back = Log(), Log()
    away.back.clear()
    async with SpooledTrail(tmp_path, away) as trail:
        trail.add(entry(7))
    assert len(list(tmp_path.iterdir())) == 1
    async with SpooledTrail(tmp_path, back), asyncio.timeout(60):
        while not back.sent:  # noqa: ASYNC110 - the fake log tells nobody
            await asyncio.sleep(0.01)
    assert back.sent == [7]


def test_the_file_of_a_living_process_is_its_own(tmp_path):
    """Nobody takes over what somebody holds."""
    living = Spool(tmp_path)
    living.append(entry(1))
    assert list(orphans(tmp_path)) == []
    living.close(remove=False)
    assert [[int(r.value) for r in one.records()] for one in orphans(tmp_path)] == [[1]]


async def test_a_disk_that_takes_nothing_is_said_at_once(tmp_path, monkeypatch):
    """The caller has to know before anybody is answered, and the file stays whole."""
    log = Log()
    log.back.clear()
    async with SpooledTrail(tmp_path, log) as trail:
        trail.add(entry(1))
        write = os.write

        def full(descriptor: int, data: bytes) -> int:
            write(descriptor, data[:5])
            raise OSError(errno.ENOSPC, "full")

        monkeypatch.setattr(os, "write", full)
        with pytest.raises(StepFailure) as failure:
            trail.add(entry(2))
        assert failure.value.code is ErrorCode.DISK_FULL
        monkeypatch.setattr(os, "write", write)
        trail.add(entry(3))
    (left,) = orphans(tmp_path)
    assert [int(r.value) for r in left.records()] == [1, 3]
