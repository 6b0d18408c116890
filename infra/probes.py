"""Looks at the other parts for the API's health answers: facts about a part, or an exception when it is away."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx2

from muniment.api.outbox.postgres import Outbox
from muniment.infra import own_health
from muniment.infra.log_watch.memory import WatchMemory
from muniment.infra.settings import Settings
from muniment.infra.stack.parts import reach
from muniment.producers.breakers.breakers import Breakers
from muniment.producers.clock import utc_now
from muniment.producers.kafka import KafkaPublisher
from muniment.producers.sealing.store import SealingStore
from muniment.producers.trail.trail import SpooledTrail

LOG_S = 2.0
WATCHED_S = 300.0
"""The watch looks every minute: after so long without a look it is not there."""
TRAIL_S = 10.0
"""Entries that wait longer have no log to go to."""
Probe = Callable[[], Awaitable[Mapping[str, Any]]]
Waits = Callable[[], Sequence[Mapping[str, Any]]]


def database(pool: Any) -> Probe:
    """Postgres answers."""

    async def look() -> Mapping[str, Any]:
        await pool.fetchval("select 1")
        return {"connections": pool.get_size(), "idle": pool.get_idle_size()}

    return look


def log(publisher: KafkaPublisher, outbox_on: Callable[[], bool] = lambda: False) -> Probe:
    """The broker answers. While the outbox is on, requests are served without it and should go on coming."""

    async def look() -> Mapping[str, Any]:
        try:
            # Sooner than whoever asks gives up: with the outbox on there is an answer without the broker.
            async with asyncio.timeout(LOG_S):
                return {"brokers": await publisher.brokers()}
        except Exception as error:
            if not outbox_on():
                raise
            return {"brokers": 0, "outbox": True, "error": type(error).__name__}

    return look


def breakers(found: Breakers) -> Probe:
    """Which outside services nobody calls right now, and until when; it is the service that is away, not this part."""

    async def look() -> Mapping[str, Any]:
        return {
            one.name: {"state": one.state, "failures": one.failures, "until": one.until and one.until.isoformat()}
            for one in found.shown()
        }

    return look


class CommandsWait(Exception):
    """Commands that were accepted are not on the log yet."""


def outbox(found: Outbox, is_on: Callable[[], bool]) -> Probe:
    """Nothing that was accepted is still waiting for the log."""

    async def look() -> Mapping[str, Any]:
        waiting = await found.waiting()
        if waiting:
            raise CommandsWait
        return {"on": is_on(), "waiting": waiting}

    return look


class TopicsChangedError(Exception):
    """Audited topics are not as they were declared to be, or have lost records."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        super().__init__()
        self.facts = facts


class NobodyWatchesError(Exception):
    """Nobody has looked at the audited topics for a while."""


def audited_topics(pool: Any, now: Callable[[], datetime]) -> Probe:
    """The watch over the audited topics looks, and finds nothing wrong."""

    async def look() -> Mapping[str, Any]:
        state = await WatchMemory(pool).state()
        if state.alarms:
            found = [{"finding": str(one.finding), "since": one.since.isoformat()} for one in state.alarms]
            raise TopicsChangedError({"alarms": found})
        if state.looked_at is not None and now() - state.looked_at > timedelta(seconds=WATCHED_S):
            raise NobodyWatchesError
        return {"alarms": 0, "looked_at": state.looked_at and state.looked_at.isoformat()}

    return look


class NotAsSealedError(Exception):
    """Something on the log, or among the checkpoints of it, is not as it was sealed."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        super().__init__("see `muniment audit findings`")
        self.facts = facts


def sealing(pool: Any) -> Probe:
    """The log is as it was sealed."""

    async def look() -> Mapping[str, Any]:
        findings, halted = await SealingStore(pool, utc_now).counts()
        facts = {"findings": findings, "halted": halted}
        if findings or halted:
            raise NotAsSealedError({**facts, "do": "muniment audit findings"})
        return facts

    return look


class EntriesWait(Exception):
    """Entries of the trail have been waiting for the log for longer than a moment."""


def trail(found: SpooledTrail) -> Probe:
    """What the trail takes in reaches the log."""

    async def look() -> Mapping[str, Any]:
        if found.waiting_s > TRAIL_S:
            raise EntriesWait
        return {"waiting_s": round(found.waiting_s, 1)}

    return look


def embeddings(settings: Settings, client: httpx2.AsyncClient) -> Probe:
    """The embedding endpoint lists its models."""

    async def look() -> Mapping[str, Any]:
        key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else ""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        answer = await client.get(f"{settings.openai_base_url}/models", headers=headers)
        answer.raise_for_status()
        return {"model": settings.embedding_model}

    return look


class PartsWaitError(Exception):
    """Parts of a process, or records in it, wait for something.

    `facts` is what anybody may read of that; `parts` is all that the process told.
    """

    def __init__(self, facts: Mapping[str, Any], parts: Mapping[str, Any]) -> None:
        super().__init__()
        self.facts, self.parts = facts, parts


def process(settings: Settings, port: int, client: httpx2.AsyncClient) -> Probe:
    """A process of ours says that it is well, and nothing in it waits for longer than a moment."""

    async def look() -> Mapping[str, Any]:
        answer = await client.get(f"http://{reach(settings.web_host)}:{port}/health")
        body = _told(answer)
        parts: Mapping[str, Any] = body.get("parts", {})
        facts = own_health.in_the_open(body, well=answer.status_code == httpx2.codes.OK)
        if facts:
            raise PartsWaitError(facts, parts)
        answer.raise_for_status()
        return parts

    return look


def step_waits(
    settings: Settings, client: httpx2.AsyncClient, own: Waits
) -> Callable[[], Awaitable[Mapping[str, str]]]:
    """By step, what it waits for: in this process, by `own`, and in this stack's worker process, if that answers."""

    async def look() -> Mapping[str, str]:
        here = own_health.by_step({"waits": own()})
        if not settings.workers_port:
            return here
        try:
            answer = await client.get(f"http://{reach(settings.web_host)}:{settings.workers_port}/health")
            return here | own_health.by_step(_told(answer))
        except (httpx2.HTTPError, *own_health.FOREIGN):
            return here

    return look


def _told(answer: httpx2.Response) -> Mapping[str, Any]:
    """What a process says of itself, well or not; nothing where it is no such process that answers."""
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def lag(settings: Settings, client: httpx2.AsyncClient) -> Callable[[], Awaitable[Mapping[str, int]]]:
    """Records that each projection has still to fold, as its process says; nothing when that is away."""

    async def look() -> Mapping[str, int]:
        try:
            parts = await process(settings, settings.projections_port, client)()
            return {name: int(part.get("lag") or 0) for name, part in parts.items()}
        except (httpx2.HTTPError, PartsWaitError, *own_health.FOREIGN):
            return {}

    return look
