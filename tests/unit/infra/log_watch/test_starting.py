"""The check of the audited topics at the start of a process."""

import pytest

from muniment.infra.cli.failing import explained
from muniment.infra.log_watch import starting
from muniment.infra.log_watch.looking import AUDITED, Looked
from muniment.infra.settings import Settings
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.topic_config import wanted_config
from muniment.schemas.topics import DOCUMENTS

SETTINGS = Settings(kafka_bootstrap="127.0.0.1:1")


@pytest.fixture
def broker(monkeypatch):
    """What the broker says of the topics: as declared, but for what a test changes."""
    config = {topic.name: wanted_config(topic) for topic in AUDITED}

    async def look(*_):
        return Looked(config, {topic.name: {} for topic in AUDITED})

    monkeypatch.setattr(starting, "look", look)
    return config


async def test_as_declared_everybody_starts(broker):
    """Nothing to tell."""
    assert await starting.check_topics(SETTINGS, refuse=True) == []


@pytest.mark.parametrize(
    ("name", "value"), [("cleanup.policy", "compact"), ("retention.ms", "1"), ("retention.bytes", "1")]
)
async def test_workers_do_not_start_on_a_topic_that_loses_records(broker, name, value):
    """The operator reads which topic, what is wrong with it, and what to run; other processes start and say so."""
    broker[DOCUMENTS.name][name] = value
    with pytest.raises(starting.AuditedTopicsError) as refused:
        await starting.check_topics(SETTINGS, refuse=True)
    said = explained(refused.value)
    assert f"{DOCUMENTS.name} {name}: " in said
    assert "muniment topics apply" in said
    assert [one.setting for one in await starting.check_topics(SETTINGS, refuse=False)] == [name]


async def test_what_loses_nothing_stops_nobody(broker):
    """It is told all the same."""
    broker[DOCUMENTS.name]["message.timestamp.type"] = "LogAppendTime"
    assert len(await starting.check_topics(SETTINGS, refuse=True)) == 1


async def test_a_broker_that_is_away_stops_nobody(monkeypatch):
    """Whoever needs it waits for it by himself; the watch looks when it is back."""

    async def away(*_):
        raise StepFailure(ErrorCode.LOG_UNAVAILABLE, "away")

    monkeypatch.setattr(starting, "look", away)
    assert await starting.check_topics(SETTINGS, refuse=True) == []
