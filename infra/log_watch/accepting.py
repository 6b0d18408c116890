"""Somebody takes the offsets of an audited topic as they are, and says why."""

from datetime import UTC, datetime

from muniment.infra.log_watch.looking import AUDITED, look
from muniment.infra.log_watch.memory import WatchMemory
from muniment.infra.not_set import required
from muniment.infra.one_connection import one_connection
from muniment.infra.settings import Settings
from muniment.producers.postgres import database
from muniment.schemas.topic_config import Finding


async def accept_topic(settings: Settings, topic: str, actor: str, reason: str) -> list[Finding]:
    """What was wrong with it until now; the watch tells on the record, within a minute, that it was accepted.

    Raises:
        StepFailure: `log_unavailable`, `database_unavailable`.

    """
    bootstrap = required(settings.kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP")
    looked = await look(bootstrap, [one for one in AUDITED if one.name == topic])
    secret = settings.database_url
    url = required(secret.get_secret_value() if secret else None, "MUNIMENT_DATABASE_URL")
    async with database(), one_connection(url) as pool:
        return await WatchMemory(pool).accept(
            topic, looked.spans[topic], actor=actor, reason=reason, now=datetime.now(UTC)
        )
