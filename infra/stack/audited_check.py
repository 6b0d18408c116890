"""What `muniment doctor` says of the audited topics: how they are now, and what the watch remembers of them."""

import asyncpg

from muniment.infra.one_connection import one_connection
from muniment.infra.settings import Settings
from muniment.infra.stack.check import Check
from muniment.schemas.errors import StepFailure
from muniment.schemas.topic_config import END, START, TOPIC, Finding

NAME = "audited"
APPLY = "muniment topics apply"
UP = "muniment up"


async def check_audited(settings: Settings) -> Check:
    """No audited topic is compacted, cut short or has lost records, as far as anybody has seen."""
    if settings.kafka_bootstrap is None or settings.database_url is None:
        return Check(NAME, False, "no address", UP)
    from muniment.infra.log_watch.looking import look  # noqa: PLC0415 - derived from the registry: slow to import
    from muniment.infra.log_watch.memory import WatchMemory  # noqa: PLC0415 - as above

    try:
        found = (await look(settings.kafka_bootstrap)).config_findings(replication=settings.replication_factor)
        async with one_connection(settings.database_url.get_secret_value()) as pool:
            alarms = (await WatchMemory(pool).state()).alarms
    except StepFailure as failure:
        return Check(NAME, False, failure.detail, "look at `kafka` and `postgres` first")
    except (OSError, asyncpg.PostgresError) as error:
        return Check(NAME, False, f"Postgres: {type(error).__name__}", "look at `postgres` first")
    gone = [one.finding for one in alarms if one.finding.setting in {START, END, TOPIC}]
    return said([*found, *(one for one in gone if one not in found)])


def said(found: list[Finding]) -> Check:
    """The check of what was found; the remedy of the worst of it."""
    if not found:
        return Check(NAME, True, "never compacted, never cut short")
    detail = f"{len(found)} changed: " + "; ".join(str(one) for one in found[:3])
    gone = next((one for one in found if one.setting in {START, END}), None)
    if gone is None:
        return Check(NAME, False, detail, APPLY)
    remedy = (
        "records are gone. Find out who took them, see `muniment audit findings` for which; "
        f'then `muniment topics accept {gone.topic} --reason "…"`'
    )
    return Check(NAME, False, detail, remedy)
