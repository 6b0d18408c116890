"""What would have to change for a topic."""

from dataclasses import replace

import pytest

from muniment.infra.topics import Change, differences, settled, wanted_config
from muniment.schemas.topics import DOCUMENTS, JOBS, RETRY_TIERS, TOPICS, Topic

TIER = RETRY_TIERS[0]


@pytest.mark.parametrize("topic", TOPICS, ids=lambda t: t.name)
def test_a_topic_as_declared_needs_nothing(topic: Topic) -> None:
    """No difference, no change."""
    assert differences(topic, 4, 4, wanted_config(topic)) == []


def test_a_missing_topic_is_created() -> None:
    """With its partitions."""
    (change,) = differences(DOCUMENTS, 12, None, {})
    assert change == Change("muniment.documents", "create with 12 partitions")


def test_a_topic_cannot_shrink() -> None:
    """Refused, saying which setting to put right."""
    (change,) = differences(DOCUMENTS, 4, 12, wanted_config(DOCUMENTS))
    assert "MUNIMENT_PARTITIONS" in change.refused


def test_a_keyed_topic_does_not_grow() -> None:
    """Its documents would move to other partitions; a topic without keys to keep may grow."""
    (keyed,) = differences(DOCUMENTS, 12, 4, wanted_config(DOCUMENTS))
    assert keyed.refused
    (tier,) = differences(TIER, 4, 2, wanted_config(TIER))
    assert not tier.refused


def test_an_audited_topic_is_not_cut_short() -> None:
    """Less retention is refused where the log is evidence, and made where it is not; more is always made."""
    short = replace(DOCUMENTS, retention_ms=1000)
    (change,) = differences(short, 4, 4, wanted_config(DOCUMENTS))
    assert change.refused
    (change,) = differences(short, 4, 4, wanted_config(replace(DOCUMENTS, retention_ms=2000)))
    assert change.refused
    (change,) = differences(DOCUMENTS, 4, 4, wanted_config(short))
    assert not change.refused
    (change,) = differences(replace(JOBS, retention_ms=1000), 4, 4, wanted_config(JOBS))
    assert not change.refused


def test_what_is_refused_is_not_written_along_with_what_is_not() -> None:
    """The broker replaces a topic's whole configuration: what stays must be said again, an operator's own too."""
    short = replace(DOCUMENTS, retention_ms=1000)
    there = wanted_config(DOCUMENTS) | {"cleanup.policy": "compact"}
    changes = differences(short, 4, 4, there)
    assert len(changes) == 2
    written = settled(short, changes, {"retention.ms": "-1", "min.insync.replicas": "2", "cleanup.policy": "compact"})
    assert written == wanted_config(DOCUMENTS) | {"min.insync.replicas": "2"}
