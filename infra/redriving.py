"""What carries out redrives, wired together."""

import asyncpg

from muniment.infra.bootstrap import Parts, database_url
from muniment.infra.not_set import required
from muniment.producers.clock import utc_now
from muniment.stream_apps.redriving.expiry import Expiry
from muniment.stream_apps.redriving.redriver import Redriver
from muniment.stream_apps.redriving.resting import RestingModels
from muniment.stream_apps.redriving.sender import Sender
from muniment.stream_apps.redriving.store import RedrivingStore


def redriver(found: Parts) -> Redriver:
    """What carries out redrives; one of all that run does."""
    settings = found.settings
    brokers = required(settings.kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP")
    expiry = Expiry(found.pool, utc_now, days=settings.dead_letter_days, alarm=settings.dead_letters_alarm)
    return Redriver(
        found.pool,
        lambda: asyncpg.connect(
            database_url(settings), timeout=10, server_settings={"application_name": "muniment-redriving"}
        ),
        lambda: Sender(brokers),
        found.publisher,
        RedrivingStore(found.pool, utc_now, canary_s=settings.canary_deadline_s),
        expiry=expiry,
        resting=RestingModels(found.pool, utc_now),
    )
