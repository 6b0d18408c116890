"""Is each part well? Asked in its own language: Kafka's protocol, a query, or HTTP."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import httpx2

from muniment.infra import own_health
from muniment.infra.kafka.ready import brokers
from muniment.infra.postgres.ready import server_version

INTERVAL_S = 0.25
REQUEST_TIMEOUT_S = 3.0

Probe = Callable[[], Awaitable[str]]
"""Says in a few words how a part is; raises `ConnectionError` with the reason when it is not well."""


class NotHealthyError(RuntimeError):
    """A part did not become well in time; the message names it and its log."""


class WaitsError(ConnectionError):
    """A process answers, and says what it waits for."""


async def http_ok(address: str) -> str:
    """One GET that has to be answered with 200. Raises `ConnectionError` with what came instead."""
    return _ok(address, await _got(address))


async def own(address: str) -> str:
    """A process of ours is well, and nothing in it waits. Raises `ConnectionError` as `http_ok`, `WaitsError`."""
    answer = await _got(address)
    try:
        said = own_health.said(answer.json())
    except own_health.FOREIGN:
        # It is the API, which has other things to say, or somebody else.
        said = ""
    if said:
        raise WaitsError(said)
    return _ok(address, answer)


async def _got(address: str) -> httpx2.Response:
    try:
        # A proxy that the environment names is not asked for the way to this machine itself.
        async with httpx2.AsyncClient(timeout=REQUEST_TIMEOUT_S, trust_env=False) as client:
            return await client.get(address)
    except httpx2.HTTPError as cause:
        raise ConnectionError(f"{address} does not answer: {type(cause).__name__}") from cause


def _ok(address: str, answer: httpx2.Response) -> str:
    if answer.status_code != httpx2.codes.OK:
        raise ConnectionError(f"{address} answers {answer.status_code}")
    return "answers"


async def kafka(bootstrap: str) -> str:
    """How many brokers there are. Raises `ConnectionError`."""
    return f"{await brokers(bootstrap)} broker(s)"


async def postgres(dsn: str) -> str:
    """The server's version. Raises `ConnectionError`."""
    return f"PostgreSQL {await server_version(dsn)}"


async def wait_for(name: str, probe: Probe, timeout_s: float, stopped: Callable[[], str | None]) -> str:
    """Ask until the part is well.

    `stopped` says why there is no hope left, or none. Raises `NotHealthyError` after `timeout_s` seconds.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            return await probe()
        except ConnectionError as cause:
            reason = stopped()
            if reason is None and time.monotonic() > deadline:
                reason = f"not well after {timeout_s:.0f} s"
            if reason is not None:
                raise NotHealthyError(f"{name}: {reason} ({cause})") from cause
        await asyncio.sleep(INTERVAL_S)
