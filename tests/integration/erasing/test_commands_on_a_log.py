"""`muniment retention run` and `muniment keys restore` as an operator runs them: on a real broker and database."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from support.key_ring import MemoryKeyRing
from support.log_reading import read_topics
from support.topics import create_topics
from typer.testing import CliRunner, Result

from muniment.infra.cli.main import make_app
from muniment.infra.not_set import NotSetError
from muniment.infra.stack.record import load_settings
from muniment.infra.wrapping import wrapping
from muniment.producers.kafka import KafkaPublisher
from muniment.producers.key_file import load, read
from muniment.producers.key_ring import ways_out
from muniment.producers.log_codec import LogCodec
from muniment.producers.postgres_key_ring import PostgresKeyRing
from muniment.producers.wrapping import FileWrapping
from muniment.projections.prepare import prepare
from muniment.schemas.codec import decode, encode
from muniment.schemas.commands import DeleteDocument
from muniment.schemas.erasures import KeysDestroyed, RequestErasure
from muniment.schemas.metadata import Metadata
from muniment.schemas.sealing import DataKey
from muniment.schemas.topics import COMMANDS_ERASURES

Muniment = Callable[..., Result]


@pytest.fixture
def muniment(
    database_url: str, kafka_bootstrap: str, unique: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Muniment:
    """The command line, for a house whose tenant is `unique`."""
    asyncio.run(create_topics(kafka_bootstrap))
    asyncio.run(prepare(database_url, 8))
    monkeypatch.chdir(tmp_path)
    given = {"HOME": tmp_path, "DATABASE_URL": database_url, "KAFKA_BOOTSTRAP": kafka_bootstrap}
    for name, value in {**given, "RETENTION_TENANTS": f"{unique}=30"}.items():
        monkeypatch.setenv(f"MUNIMENT_{name}", str(value))
    return lambda *words: CliRunner().invoke(make_app(), words)


def away_from_midnight() -> None:
    """Wait, should the day be about to end: what is done once a day is about to be another."""
    while (now := datetime.now(UTC)).hour == 23 and now.minute == 59:
        time.sleep(1)


def said(done: Result) -> str:
    """The last line; in a test those of the log are in between."""
    return done.stdout.splitlines()[-1]


def on_database(database_url: str, work: Callable[[Any], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with asyncpg.create_pool(database_url, min_size=1, max_size=2) as pool:
            return await work(pool)

    return asyncio.run(run())


def test_what_is_too_old_is_asked_to_be_erased(
    muniment: Muniment, database_url: str, kafka_bootstrap: str, unique: str
) -> None:
    """A dry run shows it and sends nothing; the run puts one command on the log, twice on a day as once."""
    document = uuid4()

    async def old(pool: Any) -> None:
        schema = await pool.fetchval("select schema from read.live where projection = 'documents'")
        await pool.execute(
            f"insert into {schema}.documents (tenant, document_id, status, latest_version, deleted_up_to, updated_at)"
            " values ($1, $2, 'indexed', 1, 0, now() - interval '31 days')",
            unique,
            document,
        )

    def asked() -> list[Any]:
        found = [decode(record, lambda _: None) for record in read_topics(kafka_bootstrap, [COMMANDS_ERASURES.name])]
        return [one for one in found if one.meta.tenant == unique]

    away_from_midnight()
    on_database(database_url, old)
    shown = muniment("retention", "run", "--dry-run")
    assert (shown.exit_code, asked()) == (0, []), shown.output
    assert f"{unique}: 1 document unchanged for 30 days would be erased\n  {document}" in shown.stdout
    done = muniment("retention", "run", "--json")
    assert json.loads(said(done)) == [{"tenant": unique, "days": 30, "documents": [str(document)]}], done.output
    assert muniment("retention", "run").exit_code == 0
    commands = asked()
    assert {one.meta.event_id for one in commands} == {commands[0].meta.event_id}
    assert isinstance(commands[0].event, RequestErasure)
    assert commands[0].event.document_ids == (document,)


def test_keys_come_back_but_not_those_that_the_log_says_are_destroyed(
    muniment: Muniment, database_url: str, kafka_bootstrap: str, unique: str, tmp_path: Path
) -> None:
    """The key store is lost, and its backup is older than an erasure: the log knows, and wins."""
    kept, erased = uuid4(), uuid4()
    (tmp_path / "word").write_text("a passphrase")
    words = (str(tmp_path / "keys.backup"), "--passphrase-file", str(tmp_path / "word"))

    async def made(pool: Any) -> list[UUID]:
        ring = PostgresKeyRing(pool, load(tmp_path / "keys" / "ring.json"))
        return [(await ring.create(unique, document)).key_id for document in (kept, erased)]

    async def lost(pool: Any) -> None:
        await pool.execute("truncate muniment_keys.data_keys, muniment_keys.tenant_keys, muniment_keys.subjects")

    async def open_keys(pool: Any) -> set[UUID]:
        rows = await pool.fetch("select key_id from muniment_keys.data_keys where destroyed_at is null")
        return {row["key_id"] for row in rows}

    async def destroyed() -> None:
        event = KeysDestroyed(erasure_id=uuid4(), document_ids=(erased,), keys=1)
        meta = Metadata(uuid4(), unique, uuid4(), uuid4(), datetime.now(UTC), "test", actor="test")
        async with KafkaPublisher(kafka_bootstrap) as log:
            await log.send(encode(event, meta, None))

    keys = on_database(database_url, made)
    saved = muniment("keys", "backup", *words)
    assert saved.exit_code == 0, saved.output
    asyncio.run(destroyed())
    on_database(database_url, lost)
    done = muniment("keys", "restore", *words)
    assert (done.exit_code, said(done)) == (0, "keys that are back: 1; that stay destroyed: 1"), done.output
    assert on_database(database_url, open_keys) == {keys[0]}
    again = muniment("keys", "restore", *words)
    assert said(again) == "keys that are back: 0; that stay destroyed: 0"


def test_lost_keys_are_told_and_given_up_only_when_somebody_says_so(
    muniment: Muniment, database_url: str, kafka_bootstrap: str, unique: str, tmp_path: Path
) -> None:
    """A backup older than the newest keys: one whose document was erased is destroyed, the others are waited for.

    `keys give-up` makes tombstones of those, on the trail, and of nothing that the store has.
    """
    (tmp_path / "word").write_text("a passphrase")
    words = (str(tmp_path / "keys.backup"), "--passphrase-file", str(tmp_path / "word"))
    kept, erased, lost = uuid4(), uuid4(), uuid4()

    async def sealed(pool: Any) -> dict[UUID, UUID]:
        ring, keys = PostgresKeyRing(pool, load(tmp_path / "keys" / "ring.json")), {}
        async with KafkaPublisher(kafka_bootstrap) as log:
            for document in (kept, erased, lost):
                keys[document] = (await ring.create(unique, document)).key_id
                meta = Metadata(uuid4(), unique, uuid4(), uuid4(), datetime.now(UTC), "test", actor="test")
                await log.send(await LogCodec(ring).encode(DeleteDocument(document_id=document, reason="x"), meta))
            gone = KeysDestroyed(erasure_id=uuid4(), document_ids=(erased,), keys=1)
            await log.send(encode(gone, replace(meta, event_id=uuid4(), time=datetime.now(UTC)), None))
        await pool.execute("delete from muniment_keys.data_keys where document_id = any($1)", [erased, lost])
        return keys

    async def found(pool: Any) -> list[DataKey | str | None]:
        ring = PostgresKeyRing(pool, load(tmp_path / "keys" / "ring.json"))
        answer = await ring.find(keys.values())
        return [answer.get(keys[document], "lost") for document in (kept, erased, lost)]

    keys = on_database(database_url, sealed)
    assert muniment("keys", "backup", *words).exit_code == 0
    key, *others = on_database(database_url, found)
    assert others == ["lost", "lost"]
    done = muniment("keys", "restore", *words)
    assert done.exit_code == 0
    assert f"all that needs one waits. Of each: {ways_out('ID')}" in done.stderr
    assert on_database(database_url, found) == [key, None, "lost"]
    unsure = CliRunner().invoke(make_app(), ("keys", "give-up", "--reason", "no backup has them"), input="n\n")
    assert unsure.exit_code == 1
    assert on_database(database_url, found) == [key, None, "lost"]
    done = muniment("keys", "give-up", "--reason", "no backup has them", "--yes")
    assert done.exit_code == 0, done.output
    assert on_database(database_url, found) == [key, None, None]
    assert said(muniment("keys", "give-up", "--reason", "again")) == "the key store has every key that the log names"


def test_what_a_lost_key_ring_file_had_wrapped_is_given_up_by_name(
    muniment: Muniment, database_url: str, unique: str, tmp_path: Path
) -> None:
    """A backup from before the file was lost comes back and opens nothing: that is said, and there is a way out."""
    ring_file = tmp_path / "keys" / "ring.json"
    (tmp_path / "word").write_text("a passphrase")
    words = (str(tmp_path / "keys.backup"), "--passphrase-file", str(tmp_path / "word"))
    why = ("--reason", "burnt with the machine", "--yes")

    async def made(pool: Any) -> UUID:
        ring = PostgresKeyRing(pool, FileWrapping(load(ring_file), ring_file))
        await ring.tenant_key(unique)
        return (await ring.create(unique, uuid4())).key_id

    async def emptied(pool: Any) -> None:
        await pool.execute("truncate muniment_keys.data_keys, muniment_keys.tenant_keys, muniment_keys.subjects")

    async def found(pool: Any) -> Any:
        return await PostgresKeyRing(pool, await wrapping(load_settings(), pool)).find([key])

    key = on_database(database_url, made)
    lost = read(ring_file).current
    assert muniment("keys", "backup", *words).exit_code == 0
    kept = muniment("keys", "give-up", "--kek", lost, *why)
    assert kept.exit_code == 2
    assert "nothing is lost" in " ".join(kept.stderr.replace("│", " ").split())
    ring_file.unlink()
    on_database(database_url, emptied)
    back = muniment("keys", "restore", *words)
    assert (back.exit_code, said(back)) == (1, "keys that are back: 1; that stay destroyed: 0"), back.output
    assert f"what {lost} has wrapped cannot be opened" in back.stderr
    with pytest.raises(NotSetError, match="give-up --kek"):
        on_database(database_url, found)
    done = muniment("keys", "give-up", "--kek", lost, *why)
    assert (done.exit_code, said(done)) == (0, "keys that count as destroyed from now on: 1"), done.output
    assert on_database(database_url, found) == {key: None}
    assert read(ring_file).current != lost
    assert said(muniment("keys", "give-up", "--kek", lost, *why)) == f"nothing in the key store is wrapped by {lost}"


def test_one_key_is_given_up_alone(
    muniment: Muniment, database_url: str, kafka_bootstrap: str, unique: str, tmp_path: Path
) -> None:
    """A foreign record of no tenant names a key that never was: its end buries no key that may still be found."""
    words = ("--reason", "a forged record", "--yes")

    async def sealed(pool: Any) -> list[UUID]:
        keys = []
        rings = {unique: PostgresKeyRing(pool, load(tmp_path / "keys" / "ring.json")), "": MemoryKeyRing()}
        async with KafkaPublisher(kafka_bootstrap) as log:
            for tenant, ring in rings.items():
                document = uuid4()
                keys.append((await ring.create(tenant, document)).key_id)
                meta = Metadata(uuid4(), tenant, uuid4(), uuid4(), datetime.now(UTC), "test", actor="test")
                await log.send(await LogCodec(ring).encode(DeleteDocument(document_id=document, reason="x"), meta))
        await pool.execute("delete from muniment_keys.data_keys where key_id = any($1)", keys)
        return keys

    async def known(pool: Any) -> list[tuple[UUID, str, bool]]:
        rows = await pool.fetch("select * from muniment_keys.data_keys where key_id = any($1)", [lost, foreign])
        return [(row["key_id"], row["tenant"], row["destroyed_at"] is not None) for row in rows]

    lost, foreign = on_database(database_url, sealed)
    unknown = muniment("keys", "give-up", "--key", str(uuid4()), *words)
    assert (unknown.exit_code, "no sealed record on the log names data key" in unknown.stderr) == (1, True)
    assert on_database(database_url, known) == []
    done = muniment("keys", "give-up", "--key", str(foreign), *words)
    assert (done.exit_code, said(done)) == (0, "keys that count as destroyed from now on: 1"), done.output
    assert f"  {foreign}  muniment.commands.documents:" in done.stderr
    assert str(lost) not in done.stderr
    assert on_database(database_url, known) == [(foreign, "", True)]
    again = muniment("keys", "give-up", "--key", str(foreign), *words)
    assert said(again) == f"data key {foreign} is not lost: the key store has it, or it was destroyed"


def test_no_key_comes_back_while_the_log_cannot_be_read(
    muniment: Muniment, database_url: str, monkeypatch: pytest.MonkeyPatch, free_port: int, tmp_path: Path
) -> None:
    """What was erased since the backup is not known then; it is said in a line, with nothing done."""
    (tmp_path / "word").write_text("a passphrase")
    words = (str(tmp_path / "keys.backup"), "--passphrase-file", str(tmp_path / "word"))
    assert muniment("keys", "backup", *words).exit_code == 0
    monkeypatch.setenv("MUNIMENT_KAFKA_BOOTSTRAP", f"127.0.0.1:{free_port}")
    refused = muniment("keys", "restore", *words)
    assert refused.exit_code != 0
    assert "cannot be read from the log" in str(refused.exception) + refused.output
