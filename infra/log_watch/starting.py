"""The check of the audited topics at the start of a process."""

import asyncio

import structlog

from muniment.infra.log_watch.looking import AUDITED, look
from muniment.infra.not_set import required
from muniment.infra.settings import Settings
from muniment.schemas.errors import StepFailure
from muniment.schemas.topic_config import TOPIC, Finding

LOG = structlog.get_logger(__name__)
LOOK_S = 8.0
"""How long a start waits for a broker that does not answer at all."""


class AuditedTopicsError(RuntimeError):
    """Audited topics lose records as they are configured; says which, and what to run."""


async def check_topics(settings: Settings, *, refuse: bool) -> list[Finding]:
    """Tell, loudly, what is not as declared of the audited topics. A broker that is away is looked at by the watch.

    Raises:
        AuditedTopicsError: with `refuse`, when a topic is compacted, or keeps its records for less than declared.

    """
    bootstrap = required(settings.kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP")
    try:
        async with asyncio.timeout(LOOK_S):
            looked = await look(bootstrap, AUDITED)
    except (StepFailure, TimeoutError) as error:
        LOG.warning("audited_topics_not_checked", kind=type(error).__name__, detail=str(error))
        return []
    found = looked.config_findings(AUDITED, settings.replication_factor)
    for one in found:
        LOG.error("audited_topic_changed", topic=one.topic, partition=one.partition, finding=str(one))
    losing = [one for one in found if one.loses and one.setting != TOPIC]
    if losing and refuse:
        raise AuditedTopicsError(refusal(losing))
    return found


def refusal(losing: list[Finding]) -> str:
    """What the operator is told: first the sentence, then the details."""
    first = "audited topics would lose records as they are configured on the broker: nothing is started"
    return "\n".join(
        [first, *(str(one) for one in losing), "to set them right: `muniment topics apply`, then start again"]
    )
