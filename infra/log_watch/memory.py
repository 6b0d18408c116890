"""What is remembered of the audited topics, in Postgres: where they began and ended, and what was wrong with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from muniment.producers.postgres import database
from muniment.schemas.topic_config import END, START, TOPIC, Finding, Span, news

_KNOWN = "select topic, partition, begin_offset, end_offset from muniment_watch.partitions"
_REMEMBER = """
insert into muniment_watch.partitions (topic, partition, begin_offset, end_offset, seen_at) values ($1, $2, $3, $4, $5)
on conflict (topic, partition) do update
set begin_offset = excluded.begin_offset, end_offset = excluded.end_offset, seen_at = excluded.seen_at"""
_FORGET = "delete from muniment_watch.partitions where topic = $1"
_OPEN = """
select topic, partition, setting, declared, found, since from muniment_watch.alarms
where ended_at is null order by since, topic, partition, setting"""
_RAISE = """
insert into muniment_watch.alarms (alarm_id, topic, partition, setting, declared, found, since)
values ($1, $2, $3, $4, $5, $6, $7)"""
_END = """
update muniment_watch.alarms
set ended_at = $4, ended_id = $5, accepted = $6, actor = $7, reason = $8, ended_told = $9
where topic = $1 and partition = $2 and setting = $3 and ended_at is null"""
_LOOKED = """
insert into muniment_watch.looks (looked_at) values ($1)
on conflict (one) do update set looked_at = excluded.looked_at"""
_LAST = "select looked_at from muniment_watch.looks"
_UNTOLD = """
select * from muniment_watch.alarms where not told or (ended_at is not null and not ended_told)
order by since, alarm_id limit 100"""
_TOLD = "update muniment_watch.alarms set told = true where alarm_id = $1"
_ENDED_TOLD = "update muniment_watch.alarms set ended_told = true where alarm_id = $1"


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that is wrong with an audited topic, and since when it is known."""

    finding: Finding
    since: datetime


@dataclass(frozen=True, slots=True)
class State:
    """What is wrong now, and when somebody last looked."""

    alarms: tuple[Alarm, ...]
    looked_at: datetime | None


class WatchMemory:
    """The tables. Every method raises `StepFailure(database_unavailable)`."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def known(self) -> dict[str, dict[int, Span]]:
        """The spans by topic and partition."""
        found: dict[str, dict[int, Span]] = {}
        async with database():
            for row in await self._pool.fetch(_KNOWN):
                found.setdefault(row["topic"], {})[row["partition"]] = Span(row["begin_offset"], row["end_offset"])
        return found

    async def state(self) -> State:
        """What is wrong, oldest first."""
        async with database():
            rows = await self._pool.fetch(_OPEN)
            last = await self._pool.fetchval(_LAST)
        return State(tuple(Alarm(_finding(row), row["since"]) for row in rows), last)

    async def looked(
        self, spans: Mapping[str, Mapping[int, Span]], findings: Sequence[Finding], now: datetime
    ) -> tuple[list[Finding], list[Finding]]:
        """Remember a look; gives what is new of it, and what was wrong and is no more."""
        async with database(), self._pool.acquire() as connection, connection.transaction():
            told = [_finding(row) for row in await connection.fetch(_OPEN)]
            raised, restored = news(told, findings)
            for one in restored:
                # Wrong in another way now: that is told by what is raised, and is no recovery.
                other = any(_place(one) == _place(new) for new in raised)
                await connection.execute(_END, *_place(one), now, uuid7(), False, "", "", other)
            for one in raised:
                await connection.execute(_RAISE, uuid7(), *_place(one), one.declared, one.found, now)
            rows = [(t, n, s.begin, s.end, now) for t, found in spans.items() for n, s in found.items()]
            await connection.executemany(_REMEMBER, rows)
            await connection.execute(_LOOKED, now)
        return raised, restored

    async def accept(
        self, topic: str, spans: Mapping[int, Span], *, actor: str, reason: str, now: datetime
    ) -> list[Finding]:
        """Take a topic's partitions as they are from now on; gives what was wrong with them until then."""
        async with database(), self._pool.acquire() as connection, connection.transaction():
            found = [_finding(row) for row in await connection.fetch(_OPEN) if row["topic"] == topic]
            mine = [one for one in found if one.setting in {START, END, TOPIC}]
            for one in mine:
                await connection.execute(_END, *_place(one), now, uuid7(), True, actor, reason, False)
            await connection.execute(_FORGET, topic)
            await connection.executemany(_REMEMBER, [(topic, n, s.begin, s.end, now) for n, s in spans.items()])
        return mine

    async def untold(self) -> list[Any]:
        """Alarms of which the log does not know yet, or does not know that they are over."""
        async with database():
            return list(await self._pool.fetch(_UNTOLD))

    async def told(self, alarm_id: UUID, *, ended: bool) -> None:
        """The log has confirmed it."""
        async with database():
            await self._pool.execute(_ENDED_TOLD if ended else _TOLD, alarm_id)


def _finding(row: Any) -> Finding:
    return Finding(row["topic"], row["partition"], row["setting"], row["declared"], row["found"])


def _place(one: Finding) -> tuple[str, int, str]:
    return one.topic, one.partition, one.setting
