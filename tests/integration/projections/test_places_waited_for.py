"""Reads that name a place of the log: each waits until its read model has folded what lies there."""

from typing import Any
from uuid import uuid4

import asyncpg
from projected_story import Log, ReadModel, Story

from muniment.api.postgres_reads import PostgresReads
from muniment.projections.waiting import Waiting
from muniment.schemas.projects import ProjectCreated
from muniment.schemas.record import Position, Record


def place(record: Record) -> Position:
    """Where a record lies."""
    return Position(record.topic, record.partition or 0, record.offset or 0)


async def test_a_place_is_waited_for_by_the_read_models_that_read_its_topic(
    pool: asyncpg.Pool, database_url: str, read_model: ReadModel, log: Log
) -> None:
    """Before the fold each is told to be behind by what is missing, after it not; no other read model waits."""
    story, project_id = Story(log, ("annual leave",)), uuid4()
    await log.ring.create("acme", project_id)
    submitted = await story.submitted()
    created = await log.say(
        ProjectCreated(project_id=project_id, revision=1, title="", description=""), uuid4(), "acme"
    )
    wanted = {"documents": submitted, "projects": created, "scripts": created}
    async with Waiting(pool, database_url) as waiting:
        reads = PostgresReads(pool, waiting)

        async def behind(name: str, record: Record) -> Any:
            return await reads.wait_for(name, [place(record)], 0)

        told = {name: await behind(name, record) for name, record in wanted.items()}
        assert {name: one and (one.records, one.wanted) for name, one in told.items()} == dict.fromkeys(wanted, (1, 0))
        assert await behind("documents", created) is None
        await read_model.catch_up()
        assert [await behind(name, record) for name, record in wanted.items()] == [None, None, None]


async def test_who_waits_for_a_repeat_waits_for_the_command_that_was_decided(
    pool: asyncpg.Pool, database_url: str, read_model: ReadModel, log: Log
) -> None:
    """A command that was sent again lies on the log twice; nothing follows the second one, however long one waits."""
    story = Story(log, ("annual leave",))
    command = await story.command()
    await story.submitted(command)
    repeat = Position(command.topic, command.partition, command.offset + 4)
    async with Waiting(pool, database_url) as waiting:
        reads = PostgresReads(pool, waiting)
        await read_model.catch_up()
        assert await reads.wait_for("documents", [command], 0) is None
        assert await reads.wait_for("documents", [repeat], 0.5) is not None
        await pool.execute("insert into muniment_deciding.repeats values ($1, $2)", str(repeat), str(command))
        assert await reads.wait_for("documents", [repeat], 0) is None
        later = Position(command.topic, command.partition, command.offset + 2)
        await pool.execute("update muniment_deciding.repeats set decided = $1", str(later))
        assert await reads.wait_for("documents", [repeat], 0.5) is not None, "that one is not folded"
