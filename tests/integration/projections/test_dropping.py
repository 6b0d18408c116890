"""A schema beside the live read model goes by a command that is on the record."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from support.log_reading import read_topics
from support.topics import create_topics
from typer.testing import CliRunner, Result

from muniment.infra.cli.main import make_app
from muniment.projections.prepare import prepare
from muniment.projections.registry import projection
from muniment.projections.replaying import shadow
from muniment.schemas.codec import decode
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.replays import ReadModelDropped
from muniment.schemas.topics import OPERATIONS

NAME = "documents"


def on_database(database_url: str, work: Callable[[Any], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        connection = await asyncpg.connect(database_url)
        try:
            return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(run())


@pytest.fixture
def beside(database_url: str) -> str:
    """A schema that a part of the log was folded into."""
    asyncio.run(prepare(database_url, 8))
    return str(on_database(database_url, lambda c: shadow.beside(c, projection(NAME, 8), shadow.PARTIAL)))


@pytest.fixture
def muniment(
    database_url: str, kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Result]:
    """The command line."""
    asyncio.run(create_topics(kafka_bootstrap))
    monkeypatch.chdir(tmp_path)
    for name, value in {"HOME": tmp_path, "DATABASE_URL": database_url, "KAFKA_BOOTSTRAP": kafka_bootstrap}.items():
        monkeypatch.setenv(f"MUNIMENT_{name}", str(value))
    return lambda *words: CliRunner().invoke(make_app(), words)


def names(database_url: str) -> set[str]:
    return {row["nspname"] for row in on_database(database_url, lambda c: c.fetch("select nspname from pg_namespace"))}


def test_who_drops_a_schema_says_why_on_the_log(
    muniment: Callable[..., Result], database_url: str, kafka_bootstrap: str, beside: str, unique: str
) -> None:
    """Not without a reason, never the live one, and once."""
    assert muniment("projections", "drop", beside).exit_code == 2
    live = on_database(database_url, lambda c: c.fetchval("select schema from read.live where projection = $1", NAME))
    assert muniment("projections", "drop", live, "--reason", unique).exit_code == 1
    done = muniment("projections", "drop", beside, "--reason", unique)
    assert done.exit_code == 0, done.output
    assert f"{beside} is gone" in done.stdout
    assert {beside, live} & names(database_url) == {live}
    events = [decode(one, lambda _: None) for one in read_topics(kafka_bootstrap, [OPERATIONS.name])]
    [said] = [one for one in events if isinstance(one.event, ReadModelDropped) and one.event.reason == unique]
    assert said.event == ReadModelDropped(projection=NAME, version=2, schema=beside, kind="partial", reason=unique)
    assert said.meta.actor.startswith("user:")


def test_what_cannot_be_put_on_the_record_is_not_done(database_url: str, beside: str) -> None:
    """The log comes first: while it is away the schema stays, noted as before."""

    async def away() -> None:
        raise StepFailure(ErrorCode.LOG_UNAVAILABLE, "away")

    with pytest.raises(StepFailure):
        on_database(database_url, lambda c: shadow.drop(c, beside, recorded=away))
    assert beside in names(database_url)
    assert [one.schema for one in on_database(database_url, shadow.kept)] == [beside]
