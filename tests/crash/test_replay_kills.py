"""A replay that is killed or stopped, again and again, comes to the same rows as one that nobody disturbed."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import psutil
import pytest
from support import replay_child, replay_command
from support.key_ring import OwnKeys
from support.replayed import own_topics
from support.topics import create_topics

from muniment.producers.log_codec import LogCodec
from muniment.producers.lost_keys import Named, bury
from muniment.projections.config import ProjectionsConfig
from muniment.projections.live import live_schema
from muniment.projections.registry import projection
from muniment.projections.replaying.digest import TableDigest, fingerprint
from muniment.projections.replaying.replay import How, replay
from muniment.schemas.codec import key_id_in, sealed_for
from muniment.schemas.record import Record
from muniment.schemas.topics import CHUNKS, DLQ, DOCUMENTS, EMBEDDINGS, OPERATIONS

STORIES = 120
KILLS = 3
DIMENSIONS = 8
READ = (DOCUMENTS, DLQ, CHUNKS, EMBEDDINGS, OPERATIONS)
NAME = "documents"
LONGEST_S = 240
ENDS_WITHIN_S = 5
START = datetime(2026, 1, 1, tzinfo=UTC)


async def told(stories: int) -> list[Record]:
    """Documents with new versions and deletions among them."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "integration" / "projections"))
    from projected_story import Log, Story

    log = Log()
    for number in range(stories):
        story = Story(log, (f"text {number}", "and more", "and more"))
        await story.tell()
        if number % 4 == 0:
            await Story(log, ("anew",), document_id=story.document_id, version=2).tell()
        if number % 7 == 0:
            await story.delete()
    names = {topic.name for topic in READ}
    return [record for record in log.records if record.topic in names]


def killed(words: Iterable[str], after_s: float) -> list[str]:
    """Start a replay and end it with SIGKILL after that long from its first batch on; what it said.

    What it has begun has to end with it.
    """
    command = [sys.executable, replay_child.__file__, *words]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    said: list[str] = []
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line.strip())
            if len(said) == 2:
                time.sleep(after_s)
                begun = psutil.Process(process.pid).children(recursive=True)
                process.kill()
                assert psutil.wait_procs(begun, timeout=ENDS_WITHIN_S)[1] == []
    return said


@pytest.mark.parametrize(("name", "where"), [("documents", "here"), ("chunks", "here"), ("documents", "apart")])
async def test_a_killed_replay_goes_on_and_ends_equal(
    *, kafka_bootstrap: str, database_url: str, unique: str, name: str, where: str
) -> None:
    """Killed at points of chance while it loads, indexes or compares: the live one stays, and the end is the same."""
    seed = int(os.environ.get("MUNIMENT_TEST_SEED") or random.SystemRandom().randrange(10**6))
    sys.stdout.write(f"seed {seed}: MUNIMENT_TEST_SEED={seed} repeats these kills\n")
    draw = random.Random(seed)
    async with own_topics(kafka_bootstrap, unique, READ) as sender:
        await sender.send(await told(STORIES))
        config = ProjectionsConfig(kafka_bootstrap, database_url, DIMENSIONS, topic_prefix=sender.prefix)
        model = projection(name, DIMENSIONS)
        undisturbed = await replay(model, config, LogCodec(OwnKeys()), How())
        words = (kafka_bootstrap, database_url, sender.prefix, name, str(DIMENSIONS), where)
        begun: list[int] = []
        for _ in range(KILLS):
            said = await asyncio.to_thread(killed, words, draw.uniform(0, 0.6))
            sys.stdout.write(f"killed at: {said[-1]}\n")
            if "switched" in said:
                break
            begun.append(int(said[0].split()[1]))
            assert await _live(database_url, name) == undisturbed.live, "readers see the live one"
        done = await replay(model, config, LogCodec(OwnKeys()), How())
        assert done.comparison is not None
        assert done.comparison.equal
        assert begun == sorted(begun), "each goes on where the one before was killed"
        assert await _rows(database_url, model, done.live) == await _rows(database_url, model, undisturbed.live)


async def _live(database_url: str, name: str) -> str | None:
    connection = await asyncpg.connect(database_url)
    try:
        return await live_schema(connection, name)
    finally:
        await connection.close()


async def _rows(database_url: str, model: Any, schema: str) -> dict[str, TableDigest]:
    connection = await asyncpg.connect(database_url)
    try:
        return await fingerprint(connection, model, schema)
    finally:
        await connection.close()


def interrupted(words: Sequence[str], environment: dict[str, str], number: int) -> tuple[int, str]:
    """Send a signal to the command when it is at work, once; its exit code, and what it said to the person."""
    command = [sys.executable, replay_command.__file__, *words]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env={**os.environ, **environment}, text=True, **pipes) as process:
        try:
            assert process.stdout is not None
            if process.stdout.readline().strip() in {"loading", "indexing"}:
                process.send_signal(number)
            # This closes its stdin, and lets it go on.
            _, said = process.communicate(timeout=LONGEST_S)
        finally:
            process.kill()
    return process.returncode, said


@pytest.mark.parametrize(("upon", "number"), [("loading", signal.SIGINT), ("indexing", signal.SIGTERM)])
async def test_a_replay_that_is_stopped_says_how_to_go_on(
    *, kafka_bootstrap: str, database_url: str, unique: str, tmp_path: Path, upon: str, number: int
) -> None:
    """Between two batches, or in a statement that takes for ever; what was loaded is kept, and the end is the same."""
    await create_topics(kafka_bootstrap)
    async with own_topics(kafka_bootstrap, unique, READ) as sender:
        records = await told(40)
        await sender.send(records)
        await erased(database_url, records)
        config = ProjectionsConfig(kafka_bootstrap, database_url, DIMENSIONS, topic_prefix=sender.prefix)
        model = projection(NAME, DIMENSIONS)
        undisturbed = await replay(model, config, LogCodec(OwnKeys()), How())
        environment = {
            "MUNIMENT_HOME": str(tmp_path),
            "MUNIMENT_DATABASE_URL": database_url,
            "MUNIMENT_KAFKA_BOOTSTRAP": kafka_bootstrap,
            "MUNIMENT_EMBEDDING_DIMENSIONS": str(DIMENSIONS),
            "PYTHONPATH": str(Path(__file__).parents[1]),
        }
        words = [sender.prefix, upon, "replay", NAME, "-n", "1"]
        code, said = await asyncio.to_thread(interrupted, words, environment, number)
        assert code == 130, said
        assert f"stopped; {NAME} is read as before\n  to go on: muniment replay {NAME}\n" in said
        assert "Traceback" not in said
        assert await _live(database_url, NAME) == undisturbed.live
        assert await loaded(database_url) >= replay_command.SOME, "what was loaded is not loaded again"
        words[1] = "undisturbed"
        code, said = await asyncio.to_thread(interrupted, words, environment, number)
        assert code == 0, said
        now = await _live(database_url, NAME)
        assert now is not None
        assert now != undisturbed.live
        assert await _rows(database_url, model, now) == await _rows(database_url, model, undisturbed.live)


async def erased(database_url: str, records: Sequence[Record]) -> None:
    """A key store in which every key of these records was destroyed, as for `OwnKeys`."""
    connection = await asyncpg.connect(database_url)
    try:
        keys = {key_id: Named("acme", sealed_for(r) or uuid4(), START) for r in records if (key_id := key_id_in(r))}
        await bury(connection, keys)
    finally:
        await connection.close()


async def loaded(database_url: str) -> int:
    """Records that the interrupted replay has folded."""
    connection = await asyncpg.connect(database_url)
    try:
        schema = await connection.fetchval("select schema from read.rebuilds where projection = $1", NAME)
        return int(await connection.fetchval(f"select sum(next_offset) from {schema}.checkpoints"))
    finally:
        await connection.close()
