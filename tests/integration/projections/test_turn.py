"""One replay of a projection at a time."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path
from time import monotonic

import pytest
from support import turn_child

from muniment.projections.database import connect
from muniment.projections.replaying.turn import Underway, turn

NAME = "documents"


def killed_at_work(database_url: str) -> None:
    """A process that holds the turn is killed while Postgres works for it."""
    command = [sys.executable, turn_child.__file__, database_url, NAME]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        process.kill()


async def test_a_killed_replay_lets_go_although_postgres_is_at_work_for_it(database_url: str) -> None:
    """While it makes an index, say, nobody reads from the client: the server has to look whether it is there."""
    await asyncio.to_thread(killed_at_work, database_url)
    connection = await connect(database_url, f"replay {NAME}")
    try:
        began = monotonic()
        async with turn(connection, NAME, patient=False):
            assert monotonic() - began < 9
    finally:
        await connection.close()


async def test_whoever_waits_is_told_for_whom(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While waiting and at the end of it: which connection, of which process, from where and since when."""
    monkeypatch.setattr("muniment.projections.replaying.turn.TURN_S", 0.5)
    one, other = [await connect(database_url, f"replay {NAME}, process {number}") for number in (1, 2)]
    told: list[str] = []
    try:
        pid = await one.fetchval("select pg_backend_pid()")
        async with turn(one, NAME, patient=False):
            with pytest.raises(Underway) as refused:
                async with turn(other, NAME, patient=False, waiting=told.append):
                    raise AssertionError("it is held")
            assert re.search(rf"muniment replay {NAME}, process 1 \(connection {pid}", str(refused.value))
            assert told
            assert set(told) == {refused.value.holder}
        told.clear()
        async with turn(other, NAME, patient=False, waiting=told.append):
            assert told == []
    finally:
        await one.close()
        await other.close()
