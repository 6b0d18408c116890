"""What evidence costs: sealing beside the pipeline that wrote the log, and a proof over ten million leaves."""

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from muniment.infra import bootstrap
from muniment.infra.bench import cpu
from muniment.infra.bench.figures import Figure, percentile
from muniment.infra.migrations.apply import apply_migrations
from muniment.infra.not_set import required
from muniment.infra.settings import Settings
from muniment.producers.clock import utc_now
from muniment.producers.kafka import KafkaPublisher
from muniment.producers.key_file import read
from muniment.producers.log_codec import LogCodec
from muniment.producers.postgres_key_ring import PostgresKeyRing
from muniment.producers.sealing.adopting import Adopting
from muniment.producers.sealing.appending import Appending
from muniment.producers.sealing.comparing import Comparing
from muniment.producers.sealing.log_reader import Extent, LogReader, Place
from muniment.producers.sealing.proving import Proofs
from muniment.producers.sealing.publishing import Publishing
from muniment.producers.sealing.rechecking import Rechecking
from muniment.producers.sealing.sealer import Sealer, Tools
from muniment.producers.sealing.store import SealingStore
from muniment.producers.signing import Signer
from muniment.schemas.proofs.checkpoints import parse_checkpoint
from muniment.schemas.proofs.leaves import Leaf
from muniment.schemas.proofs.merkle import HASH_BYTES, is_included
from muniment.schemas.proofs.notes import parse_note
from muniment.schemas.proofs.tiles import Growing
from muniment.schemas.record import Position, Record
from muniment.schemas.topics import SEALED

DATABASE = "muniment_sealing_bench"
SHARE, PROOF_MS = 0.05, 10.0
LEAVES = 10_000_000
_PIECE = 1 << 18
PROOFS = 300
TOPIC = "simulated"
TOLD = "muniment.bench.checkpoints"


async def sealing(settings: Settings, home: Path, pipeline_s: float, seconds: float) -> list[Figure]:
    """Seal all that a stack has on its log once more, in as many rounds as it took to write it, and compare.

    `pipeline_s` is the processor time that the stack spent on it in so many `seconds`. Rounds are whole ones: new
    leaves, signatures, events on a topic of their own, and a look at what is old. What all this costs the broker and
    Postgres is counted in.
    """
    brokers = required(settings.kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP")
    signer = Signer(home / "bench-signing.json")
    rounds = max(1, round(seconds / settings.seal_every_s))
    async with (
        _database(bootstrap.database_url(settings)) as pool,
        _Written(brokers) as reader,
        KafkaPublisher(brokers, client_id="muniment-bench") as publisher,
    ):
        await _topic(brokers)
        codec = LogCodec(PostgresKeyRing(pool, read(settings.key_ring_file)))
        store = SealingStore(pool, utc_now)
        tools = Tools(
            reader,
            store,
            Adopting(pool, reader, codec, signer),
            Appending(reader, store, signer),
            Publishing(pool, _Elsewhere(publisher), codec, signer),
            Rechecking(pool, reader, rest_s=0),
            Comparing(pool, signer, None),
        )
        sealer = Sealer(lambda: None, lambda: nullcontext(tools), [t.name for t in SEALED], every_s=1)
        before = cpu.spent(home)
        # Locks are a database's: the stack's own sealer, which has them all, is not in the way.
        async with pool.acquire() as connection:
            for number in range(1, rounds + 1):
                reader.share = number / rounds
                await sealer.round(connection, tools)
        after = cpu.spent(home)
        leaves = await pool.fetchval("select sum(size) from muniment_sealing.logs")
    spent = sum(after[name] - before.get(name, 0.0) for name in after if name in {cpu.HERE, "kafka", "postgres"})
    note = f"{leaves} leaves in {rounds} rounds took {spent:.2f} s of processor, here, in the broker and in Postgres"
    return [Figure("sealing, share of the pipeline's processor time", spent / pipeline_s, "", SHARE, note=note)]


class _Written(LogReader):
    """A log that is still being written: of what was new, so large a share is there."""

    share = 1.0
    _extents: Mapping[Place, Extent]

    async def extents(self, topics: Collection[str]) -> Mapping[Place, Extent]:
        found = await super().extents(topics)
        self._extents = {p: Extent(e.start, e.start + int((e.end - e.start) * self.share)) for p, e in found.items()}
        return self._extents

    async def read(self, place: Place, at: int) -> tuple[list[Leaf], int]:
        leaves, _ = await super().read(place, at)
        kept = [leaf for leaf in leaves if leaf.offset < self._extents[place].end]
        return kept, kept[-1].next_offset if kept else at


class _Elsewhere:
    """Puts what is told on a topic that nobody reads."""

    def __init__(self, publisher: KafkaPublisher) -> None:
        self._publisher = publisher

    async def send(self, record: Record) -> Record:
        return await self._publisher.send(record.to(TOLD))


async def _topic(brokers: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=brokers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(TOLD, 1, 1)])
    finally:
        await admin.close()


async def proving(settings: Settings, home: Path, leaves: int = LEAVES) -> list[Figure]:
    """How long an inclusion proof takes over so many simulated leaves, from Postgres, no cache of ours."""
    signer = Signer(home / "bench-signing.json")
    async with _database(bootstrap.database_url(settings)) as pool:
        await _simulated(pool, signer, leaves)
        proofs, took = Proofs(pool), []
        draw = random.Random(7)  # noqa: S311 - positions to look at
        note = parse_checkpoint(parse_note((await proofs.newest(TOPIC, 0)).note).text)
        for _ in range(PROOFS):
            offset = draw.randrange(leaves)
            began = time.perf_counter()
            proof = await proofs.inclusion(Position(TOPIC, 0, offset))
            took.append((time.perf_counter() - began) * 1000)
            assert is_included(proof.leaf_index, leaves, proof.leaf_hash, proof.path, note.head.root)
    told = f"{PROOFS} proofs of random leaves among {leaves:,}; p50 {percentile(took, 0.5):.1f} ms"
    return [Figure("inclusion proof, p95", percentile(took, 0.95), "ms", PROOF_MS, note=told)]


async def _simulated(pool: Any, signer: Signer, leaves: int) -> None:
    """A tree over random hashes, signed: as large as a partition that nobody has the time to write."""
    store = SealingStore(pool, utc_now)
    log = await store.open(TOPIC, 0)
    tree = Growing()
    tiles: dict[tuple[int, int], bytes] = {}
    while tree.size < leaves:
        count = min(_PIECE, leaves - tree.size)
        noise = await asyncio.to_thread(os.urandom, count * HASH_BYTES)
        hashes = [noise[at : at + HASH_BYTES] for at in range(0, len(noise), HASH_BYTES)]
        tiles |= await asyncio.to_thread(tree.append, hashes)
        if tree.size < leaves:
            # What is at the right edge of a level is not full yet, and changes.
            edge = {(level, number) for level, number in tiles if len(tiles[level, number]) < 256 * HASH_BYTES}
            rows = [(log.log_id, *tile, held) for tile, held in tiles.items() if tile not in edge]
            tiles = {tile: tiles[tile] for tile in edge}
        else:
            rows = [(log.log_id, *tile, held) for tile, held in tiles.items()]
        await pool.copy_records_to_table("tiles", schema_name="muniment_sealing", records=rows)
    await pool.execute(
        "update muniment_sealing.logs set size = $2, next_offset = $2 where log_id = $1", log.log_id, leaves
    )
    await store.sign(await store.open(TOPIC, 0), signer)


@asynccontextmanager
async def _database(address: str) -> AsyncIterator[Any]:
    """A database of its own on the same server, gone again afterwards."""
    own = urlunsplit(urlsplit(address)._replace(path=f"/{DATABASE}"))
    connection = await asyncpg.connect(address)
    try:
        await connection.execute(f"drop database if exists {DATABASE} with (force)")
        await connection.execute(f"create database {DATABASE}")
        await apply_migrations(own)
        async with asyncpg.create_pool(own, min_size=1, max_size=4) as pool:
            yield pool
        await connection.execute(f"drop database {DATABASE} with (force)")
    finally:
        await connection.close()
