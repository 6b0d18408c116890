"""What `muniment doctor` says of the sealed log: whether anything is not as it was sealed."""

import asyncpg

from muniment.infra.one_connection import one_connection
from muniment.infra.settings import Settings
from muniment.infra.stack.check import Check
from muniment.producers.clock import utc_now
from muniment.producers.sealing.store import SealingStore
from muniment.schemas.errors import StepFailure

NAME = "sealing"
UP = "muniment up"


async def check_sealing(settings: Settings) -> Check:
    """The sealer has found nothing, and every partition may be signed on."""
    if settings.database_url is None:
        return Check(NAME, False, "no address", UP)
    try:
        async with one_connection(settings.database_url.get_secret_value()) as pool:
            findings, halted = await SealingStore(pool, utc_now).counts()
    except (OSError, StepFailure, asyncpg.PostgresError):
        return Check(NAME, False, "Postgres does not tell", "look at `postgres` first")
    return said(findings, halted)


def said(findings: int, halted: int) -> Check:
    """The check of what was found and not acknowledged: a person has to look into it."""
    told = [f"{findings} findings: the log, or what was signed of it, is not as it was"] if findings else []
    told += [f"{halted} partitions are not signed any more"] if halted else []
    if not told:
        return Check(NAME, True, "the log is as it was sealed")
    return Check(NAME, False, "; ".join(told), "muniment audit findings; what each means: docs/audit.md")
