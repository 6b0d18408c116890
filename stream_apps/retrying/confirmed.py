"""Sends that are repeated until the broker has confirmed them."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from muniment.producers.publisher import Publisher
from muniment.schemas.error_codes import POLICIES, ErrorCode, Policy
from muniment.schemas.errors import MunimentError, StepFailure
from muniment.schemas.record import Record
from muniment.stream_apps.retrying.waited import Repeated

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
Sleep = Callable[[float], Awaitable[None]]
log = structlog.get_logger(__name__)


async def send_confirmed(publisher: Publisher, record: Record, sleep: Sleep = asyncio.sleep) -> Record:
    """Send until the broker has confirmed; only a failure that no waiting heals (`record_too_large`) comes out."""
    pause = FIRST_PAUSE_S
    with Repeated() as repeated:
        while True:
            try:
                return await publisher.send(record)
            except MunimentError as error:
                if POLICIES[error.code] is not Policy.BLOCK:
                    raise
                code, text = error.code.value, error.detail
                log.warning("send_repeated", topic=record.topic, code=code, error=text, pause_s=pause)
                repeated.on(error)
            await sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)


async def send_at_last(publisher: Publisher, record: Record, sleep: Sleep = asyncio.sleep) -> Record:
    """Send until confirmed, whatever it fails with: the last net, for a record that has nowhere else to go."""
    pause = FIRST_PAUSE_S
    with Repeated() as repeated:
        while True:
            try:
                return await send_confirmed(publisher, record, sleep)
            except Exception as error:
                kind = type(error).__name__
                log.exception("send_failed", topic=record.topic, kind=kind, pause_s=pause)
                # The text of a foreign exception may hold a document's text: only its type's name is kept.
                repeated.on(error if isinstance(error, MunimentError) else StepFailure(ErrorCode.UNEXPECTED, kind))
            await sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)
