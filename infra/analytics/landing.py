"""Lands topics in a folder as Parquet, as a member of a consumer group.

Delivery is at least once: files appear whole, and only then are their offsets committed. After a kill some records are
landed again, at the same places of the log; who reads takes each place once (see `questions`).
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError

from muniment.infra.analytics import note
from muniment.infra.exporting.formats import format_of
from muniment.infra.exporting.rows import Kind, sealed_row
from muniment.producers.consumed import record_of
from muniment.producers.consumer_stop import stop_consumer
from muniment.schemas.record import Record
from muniment.schemas.topics import METADATA_AGE_MS

GROUP = "muniment-analytics"
FILE_BYTES = 8 * 1024 * 1024
"""Of values that wait for their files, over all partitions."""
DRAFTS = ".drafts"
"""Below the folder: files that are not whole yet."""
FILE_S = 10.0
"""How long a record waits for its file at most."""
_POLL_MS = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is landed: these topics, of one tenant or of all."""

    topics: tuple[str, ...]
    tenant: str = ""


class Landing(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships no types
    """See the module. One instance is one member of the group; `folder` may be shared by all members.

    `prefix` stands before topics' names on the broker (tests).
    """

    def __init__(
        self,
        bootstrap: str,
        folder: Path,
        wanted: Wanted,
        *,
        group: str = GROUP,
        prefix: str = "",
        file_s: float = FILE_S,
    ) -> None:
        self._bootstrap, self._group = bootstrap, group
        self._folder = folder
        self._wanted = wanted
        self._prefix = prefix
        self._file_s = file_s
        self._form = format_of("parquet")
        self._held: dict[TopicPartition, list[Record]] = defaultdict(list)
        self._next: dict[TopicPartition, int] = {}
        self._bytes = 0
        self._since = monotonic()
        self._consumer: Any = AIOKafkaConsumer(
            bootstrap_servers=bootstrap,
            client_id="muniment-analytics",
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            metadata_max_age_ms=METADATA_AGE_MS,
        )

    async def run(self, *, once: bool) -> None:
        """Land records until cancelled; with `once`, until all is landed that lies there when this member has begun.

        Raises:
            NotSetError: what the group has landed before is in another folder, or of another tenant.

        """
        try:
            await self._begin()
            await self._landed(once=once)
        finally:
            await stop_consumer(self._consumer)

    async def _begin(self) -> None:
        topics = [self._prefix + topic for topic in self._wanted.topics]
        # First the broker, then the folder: another member may write its note and commit meanwhile.
        begun = await note.begun(self._bootstrap, self._group, topics)
        note.take(self._folder, self._group, self._wanted.tenant, begun=begun)
        self._consumer.subscribe(topics, listener=self)
        await self._consumer.start()

    async def _landed(self, *, once: bool) -> None:
        ends: Mapping[TopicPartition, int] | None = None
        while True:
            for place, messages in (await self._consumer.getmany(timeout_ms=_POLL_MS)).items():
                self._hold(place, messages)
            if self._bytes >= FILE_BYTES or monotonic() - self._since >= self._file_s:
                await self._settle()
            if once and self._consumer.assignment():
                ends = ends or await self._consumer.end_offsets(self._consumer.assignment())
                if await self._reached(ends):
                    break
        await self._settle()

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """What has no file yet is read again by whoever has the partition next."""
        for place in revoked:
            self._held.pop(place, None)
            self._next.pop(place, None)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """The group says from where."""

    def _hold(self, place: TopicPartition, messages: Sequence[Any]) -> None:
        records = [replace(record_of(one), topic=place.topic.removeprefix(self._prefix)) for one in messages]
        wanted = [one for one in records if not self._wanted.tenant or one.header("tenant") == self._wanted.tenant]
        self._held[place] += wanted
        self._bytes += sum(len(one.value) for one in wanted)
        self._next[place] = messages[-1].offset + 1

    async def _settle(self) -> None:
        """Files first, then the commit."""
        held, offsets = self._held, self._next
        self._held, self._next, self._bytes, self._since = defaultdict(list), {}, 0, monotonic()
        for records in held.values():
            if records:
                await asyncio.to_thread(self._write, records)
        ours = self._consumer.assignment()
        # What went to another member meanwhile is landed again by it.
        with suppress(CommitFailedError, IllegalStateError):
            if kept := {place: offset for place, offset in offsets.items() if place in ours}:
                await self._consumer.commit(kept)

    def _write(self, records: Sequence[Record]) -> None:
        by_kind: dict[str, tuple[Kind, list[dict[str, Any]]]] = {}
        for kind, row in map(sealed_row, records):
            by_kind.setdefault(kind.name, (kind, []))[1].append(row)
        first, last = records[0], records[-1]
        name = f"{first.partition:04d}-{first.offset:012d}-{last.offset:012d}.parquet"
        for kind, rows in by_kind.values():
            target = self._folder / first.topic / kind.name / name
            target.parent.mkdir(parents=True, exist_ok=True)
            # Elsewhere until it is whole: no reader's pattern takes it in.
            draft = self._folder / DRAFTS / f"{first.topic}-{kind.name}-{name}"
            draft.parent.mkdir(exist_ok=True)
            file = self._form.create(draft, kind)
            file.write(rows)
            file.close()
            draft.replace(target)

    async def _reached(self, ends: Mapping[TopicPartition, int]) -> bool:
        for place, end in ends.items():
            if place in self._consumer.assignment() and await self._consumer.position(place) < end:
                return False
        return True
