"""The consumer loop of one projection: fetch, decode, fold, again; in place while Postgres or the broker is away."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from time import monotonic, time
from typing import Any

import asyncpg
from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from muniment.producers.consumer_stop import stop_consumer
from muniment.producers.postgres import FAILURES
from muniment.projections import checkpoint, live, sources
from muniment.projections.away import is_away, said, waiting_for
from muniment.projections.backoff import Backoff
from muniment.projections.batch import Decoder, Place, decoded
from muniment.projections.config import ProjectionsConfig
from muniment.projections.database import connect
from muniment.projections.fold import Folded, Switched, fold
from muniment.projections.lag import show_lag, silence_s
from muniment.projections.pace import Pace
from muniment.projections.projection import Connection, Projection
from muniment.projections.status import BROKER_SILENCE_S, ProjectionStatus, State
from muniment.schemas.metrics import PROJECTION_APPLIED, PROJECTION_CHECKPOINT_AGE
from muniment.schemas.record import Record

log = logging.getLogger(__name__)
_POLL_MS = 1000
_MEASURE_S = 5.0
_STOP_S = 5.0
_GONE = (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError)


class Runner:
    """Follows the log for one projection until it is told to stop."""

    def __init__(
        self,
        projection: Projection,
        config: ProjectionsConfig,
        decoder: Decoder,
        status: ProjectionStatus,
        stop: asyncio.Event,
        *,
        passed: Callable[[], Collection[Place]] = frozenset,
    ) -> None:
        self._projection = projection
        self._config = config
        self._decoder = decoder
        self._status = status
        self._stop = stop
        self._passed = passed
        self._backoff = Backoff(*config.backoff_s, stop)
        self._held: Connection | None = None
        self._schema = ""
        self._measured_at = 0.0
        self._pace = Pace()

    async def run(self) -> None:
        """Follow the log until stopped; an absent database or broker is waited for, anything else is raised."""
        PROJECTION_CHECKPOINT_AGE.labels(self._projection.name).set_function(lambda: self._status.checkpoint_age_s)
        try:
            while not self._stop.is_set():
                try:
                    await self._follow()
                except (KafkaError, *FAILURES) as error:
                    kafka = isinstance(error, KafkaError)
                    if not kafka and not is_away(error):
                        raise
                    await self._away(error, broker=kafka)
        finally:
            self._status.enter("stopped", self._status.error)
            await self._drop()

    async def _follow(self) -> None:
        self._schema = self._status.schema = await live.ensure(await self._connection(), self._projection)
        source = sources.consumer(
            self._config.bootstrap,
            group=f"{self._config.group}.{self._projection.name}",
            client_id=f"muniment-{self._projection.name}",
        )
        source.subscribe(
            sources.topic_names(self._projection, self._config.topic_prefix), listener=_Seeker(self, source)
        )
        try:
            await source.start()
            self._status.enter("running")
            while not self._stop.is_set():
                fetched = await self._fetched(source)
                if fetched:
                    began = monotonic()
                    await self._settle(source, sources.records(fetched.values(), self._config.topic_prefix))
                    await self._gather(self._pace.folded(began, monotonic()))
                self._look(source)
                await self._measure()
        finally:
            # Leaving the group politely needs the broker; without it, the session time-out does the same.
            with suppress(TimeoutError, KafkaError):
                async with asyncio.timeout(_STOP_S):
                    await stop_consumer(source)

    def _look(self, source: Any) -> None:
        self._status.lag = show_lag(source, self._projection.name, self._config.topic_prefix)
        if not self._status.lag:
            self._status.moved_at = monotonic()
        # aiokafka tries an absent broker again for ever, in silence.
        silent = silence_s(source, time() * 1000) > BROKER_SILENCE_S
        if silent != (self._status.state == "waiting_for_broker"):
            self._status.enter("waiting_for_broker" if silent else "running")

    async def _fetched(self, source: Any) -> Any:
        poll = asyncio.ensure_future(source.getmany(timeout_ms=_POLL_MS, max_records=self._config.batch_records))
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({poll, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return poll.result() if poll.done() else {}
        finally:
            # What a cancelled poll may have taken in is read again: the checkpoints say from where.
            poll.cancel()
            stopping.cancel()

    async def _gather(self, seconds: float) -> None:
        if seconds:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._stop.wait()

    async def _settle(self, source: Any, records: Sequence[Record]) -> None:
        while not self._stop.is_set():
            try:
                entries = await decoded(records, self._projection, self._decoder, self._passed())
                done = await fold(await self._connection(), self._projection, self._schema, entries)
            except Switched:
                await self._follow_pointer(source)
                return
            except _GONE:
                # A rebuild has dropped the schema under us; if it has not, the tables are truly missing.
                if not await self._follow_pointer(source):
                    raise
                return
            except Exception as error:
                # Away means: the same batch again, in place. Anything else is a fault of this code and ends the run.
                if not is_away(error):
                    raise
                await self._away(error, broker=False)
            else:
                self._settled(done)
                return

    def _settled(self, done: Folded) -> None:
        self._backoff.reset()
        self._status.enter("running")
        self._status.moved_at = monotonic()
        self._status.applied += done.applied
        self._status.parked += done.parked
        PROJECTION_APPLIED.labels(self._projection.name).inc(done.applied)
        for result in done.results:
            self._projection.observe(result)
        if done.parked:
            log.error("projection %s parked %d records that cannot be folded", self._projection.name, done.parked)

    async def _follow_pointer(self, source: Any) -> bool:
        schema = await live.live_schema(await self._connection(), self._projection.name)
        changed = schema is not None and schema != self._schema
        if schema is not None:
            self._schema = self._status.schema = schema
        await self.seek(source, source.assignment())
        return changed

    async def seek(self, source: Any, partitions: set[TopicPartition]) -> None:
        """Set the positions of these partitions to the checkpoints of the live schema."""
        prefix = self._config.topic_prefix
        places = {(p.topic.removeprefix(prefix), p.partition): p for p in partitions}
        while places and not self._stop.is_set():
            try:
                positions = await self._checkpoints(places)
            except Exception as error:
                # A rebalance callback must not fail: aiokafka would log it and read on from the wrong place.
                if not is_away(error):
                    raise
                await self._away(error, broker=False)
                continue
            for place, partition in places.items():
                source.seek(partition, positions[place])
            if self._status.state == "waiting_for_database":
                # On a quiet topic no fold will come along to say so.
                self._status.enter("running")
            return

    async def _checkpoints(self, places: Iterable[checkpoint.Partition]) -> dict[checkpoint.Partition, int]:
        # On a connection of its own: a rebalance comes from another task, in the middle of a fold.
        connection = await connect(self._config.database_url, f"projection {self._projection.name}")
        try:
            await checkpoint.ensure(connection, self._schema, places)
            return await checkpoint.read(connection, self._schema)
        finally:
            connection.terminate()

    async def _measure(self) -> None:
        if monotonic() - self._measured_at < _MEASURE_S:
            return
        self._measured_at = monotonic()
        try:
            connection = await self._connection()
            # A replay may have switched to another one: on a quiet log no fold comes along to find that out.
            self._status.schema = await live.live_schema(connection, self._projection.name) or self._schema
            await self._projection.measure(connection, self._status.schema)
        except (*_GONE, *FAILURES):
            # A gauge is not worth a stop: the fold itself will say if the database is away.
            log.debug("projection %s could not be measured", self._projection.name, exc_info=True)

    async def _connection(self) -> Connection:
        if self._held is None or self._held.is_closed():
            self._held = await connect(self._config.database_url, f"projection {self._projection.name}")
        return self._held

    async def _away(self, error: BaseException, *, broker: bool) -> None:
        state: State = "waiting_for_broker" if broker else waiting_for(error)
        log.warning("projection %s: %s: %s", self._projection.name, state, said(error))
        self._status.enter(state, said(error))
        await self._backoff.wait()

    async def _drop(self) -> None:
        if self._held is not None and not self._held.is_closed():
            self._held.terminate()


class _Seeker(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships no types
    def __init__(self, runner: Runner, source: Any) -> None:
        self._runner = runner
        self._source = source

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Nothing to hand over: everything folded is committed with its checkpoint."""

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Go to the checkpoints."""
        await self._runner.seek(self._source, assigned)
