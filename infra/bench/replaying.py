"""How fast read models are folded anew and proved, and how much memory that takes.

Lifecycles: events a second of the read models of documents and jobs, from nothing to the end of the log. Vectors: rows
a second, against a bare binary COPY of the very same rows into a table with the same indexes. Both beside a quiet
stack, in a database and on topics of their own.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from io import BytesIO
from resource import RUSAGE_CHILDREN, getrusage
from time import monotonic, process_time
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import psutil

from muniment.infra import bootstrap
from muniment.infra.bench import replay_log
from muniment.infra.bench.figures import Figure
from muniment.infra.not_set import required
from muniment.infra.own_codec import collect_seldom
from muniment.infra.settings import Settings
from muniment.projections import live
from muniment.projections.chunks.vector_rows import COLUMNS, VectorBatch, copy_stream
from muniment.projections.config import ProjectionsConfig
from muniment.projections.projection import Projection
from muniment.projections.registry import projection
from muniment.projections.replaying.load import Load
from muniment.projections.replaying.processes import Processes
from muniment.projections.replaying.replay import How, Progress, replay
from muniment.projections.verifying.verify import Look, verify
from muniment.schemas.codec import decode
from muniment.schemas.embeddings import ChunksEmbedded
from muniment.schemas.record import Record
from muniment.schemas.topics import DLQ, DOCUMENTS, EMBEDDINGS, TOPICS

DATABASE = "muniment_replay_bench"
PREFIX = "bench-replay."
DOCUMENTS_AT_MOST = 40_000
VECTOR_BATCHES = 500
LANES = 2
EVENTS, OF_COPY, GROWTH, OF_REPLAY = 20_000, 0.8, 1.15, 0.8
MIB = 1024 * 1024
READ = (DOCUMENTS, DLQ, EMBEDDINGS)
_DECODER = replay_log.OneKey(replay_log.key())
_APART = Processes(partial(replay_log.one_key, replay_log.key().key_id, replay_log.key().secret))


async def measured(settings: Settings, documents: int) -> list[Figure]:
    """All figures of replays; `documents` is how many lifecycles there are, at most 40,000."""
    collect_seldom()
    brokers = required(settings.kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP")
    address = await _database(bootstrap.database_url(settings))
    config = ProjectionsConfig(brokers, address, settings.embedding_dimensions, topic_prefix=PREFIX)
    count = min(documents, DOCUMENTS_AT_MOST)
    rows = list(replay_log.vectors(max(1, VECTOR_BATCHES * count // DOCUMENTS_AT_MOST), config.dimensions))
    topics = [topic for topic in TOPICS if topic in READ or topic.name.startswith("muniment.retry.")]
    async with replay_log.topics(brokers, PREFIX, topics, settings.partitions) as producer:
        events = await replay_log.send(producer, PREFIX, replay_log.lifecycles(count))
        await replay_log.send(producer, PREFIX, rows)
        figures = []
        for name in ("documents", "jobs"):
            figures += await _lifecycles(projection(name, config.dimensions), config, events)
        figures.append(await _vectors(projection("chunks", config.dimensions), config, rows))
    return figures


async def _database(database_url: str) -> str:
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(f"drop database if exists {DATABASE} with (force)")
        with suppress(asyncpg.DuplicateDatabaseError):
            await connection.execute(f"create database {DATABASE}")
    finally:
        await connection.close()
    address = urlunsplit(urlsplit(database_url)._replace(path=f"/{DATABASE}"))
    connection = await asyncpg.connect(address)
    try:
        await connection.execute("create extension vector")
    finally:
        await connection.close()
    return address


class _Watch:
    """Seconds from the first to the last record of a replay, and the memory held early on and at the end."""

    def __init__(self) -> None:
        self.began = self.ended = 0.0
        self.spent = [0.0, 0.0]
        self.early = self.late = 0.0
        self.records = 0

    def look(self, at: Progress) -> None:
        """Note where it is."""
        if at.phase not in {"loading", "catching up", "folding"} or not at.total:
            return
        held = _held()
        if not self.began:
            self.began = monotonic()
            self.spent[0] = _spent()
        if at.done < at.total / 4:
            self.early = max(self.early, held)
        self.late = max(self.late, held)
        self.spent[1] = _spent()
        self.ended, self.records = monotonic(), max(self.records, at.done)

    @property
    def rate(self) -> float:
        """Records a second."""
        return self.records / (self.ended - self.began)


def _held() -> float:
    """MiB of this process and of those that it has begun."""
    us = psutil.Process()
    held: float = us.memory_info().rss
    for one in us.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            held += one.memory_info().rss
    return held / MIB


def _spent() -> float:
    """Seconds of processor time of this process and of those that it has begun."""
    over = getrusage(RUSAGE_CHILDREN)
    spent = process_time() + over.ru_utime + over.ru_stime
    for one in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            spent += times.user + times.system
    return spent


async def _lifecycles(model: Projection, config: ProjectionsConfig, events: int) -> list[Figure]:
    watch, looked = _Watch(), _Watch()
    # Of an empty live read model the replay is the whole log.
    await replay(model, config, _DECODER, How(lanes=LANES, on_progress=watch.look, apart=_APART))
    await verify(model, config, _DECODER, Look(lanes=LANES, on_progress=looked.look, apart=_APART))
    alone = watch.records / (watch.spent[1] - watch.spent[0])
    own = f"{alone:,.0f} for each second of our own processor time, that of their start included"
    note = f"{events:,} lifecycle events on {LANES} lanes, each a process; {own}"
    held = f"{watch.early:.0f} MiB in the first quarter, {watch.late:.0f} MiB at most"
    name = model.name
    return [
        Figure(f"replay of {name}", watch.rate, "events/s", EVENTS, at_least=True, note=note),
        Figure(f"memory of the replay of {name}, growth", watch.late / watch.early, "", GROWTH, note=held),
        Figure(f"verify / replay of {name}", looked.rate / watch.rate, "", OF_REPLAY, at_least=True),
    ]


async def _vectors(model: Projection, config: ProjectionsConfig, rows: list[Record]) -> Figure:
    connection = await asyncpg.connect(config.database_url)
    try:
        bare = await _copied(connection, model, config, rows)
        await live.ensure_pointer(connection)
        await live.create(connection, model, "replayed")
        load = Load(model, config, _DECODER, "replayed", lanes=LANES)
        load.wanted = _is_vectors
        async with load:
            ends = {p: end for p, end in (await load.ends()).items() if p[0] == EMBEDDINGS.name}
            ours = await _timed(lambda: load.to(ends))
        count = await connection.fetchval("select count(*) from replayed.chunk_vectors")
        assert count == len(rows) * replay_log.BATCH, "every vector is there"
    finally:
        await connection.close()
    note = f"{count:,} vectors; {count / ours:,.0f} rows/s from the log, {count / bare:,.0f} by bare COPY"
    return Figure("replay of vectors / bare COPY", bare / ours, "", OF_COPY, at_least=True, note=note)


def _is_vectors(record: Record) -> bool:
    return record.topic == EMBEDDINGS.name


async def _copied(connection: Any, model: Projection, config: ProjectionsConfig, rows: Iterable[Record]) -> float:
    """Seconds of COPY of the same rows, ready in memory, into a table of the same kind."""
    await live.create(connection, model, "copied")
    streams = []
    for record in rows:
        event = decode(record, lambda _: replay_log.key()).event
        assert isinstance(event, ChunksEmbedded)
        assert isinstance(event.vectors, bytes)
        batch = VectorBatch(
            tenant="bench-replay",
            document_id=event.document_id,
            version=event.version,
            first_ordinal=event.first_ordinal,
            content_hashes=event.content_hashes,
            model=event.model,
            dimensions=event.dimensions,
            vectors=event.vectors,
        )
        streams.append(copy_stream([batch], config.dimensions))

    async def copy() -> None:
        for stream in streams:
            await connection.copy_to_table(
                "chunk_vectors", schema_name="copied", columns=COLUMNS, source=BytesIO(stream), format="binary"
            )

    return await _timed(copy)


async def _timed(work: Callable[[], Any]) -> float:
    began = monotonic()
    await work()
    return monotonic() - began
