"""The topics as declared."""

from muniment.schemas.catalogue import declarations
from muniment.schemas.topics import (
    AUDIT,
    AUDIT_CHECKPOINTS,
    CHUNKS,
    COMMANDS_DOCUMENTS,
    COMMANDS_ERASURES,
    COMMANDS_OPERATIONS,
    DLQ,
    DOCUMENTS,
    EMBEDDINGS,
    ERASURES,
    FOREVER_MS,
    JOBS,
    OPERATIONS,
    REDELIVERY,
    RETRY_DELAYS_S,
    RETRY_TIERS,
    STEP_NAMES,
    TOPICS,
)


def test_topics_of_one_key_have_one_partition_count() -> None:
    """Topics keyed by document take the setting, all of them: a document lies in the same partition everywhere."""
    assert {t.partitions for t in (COMMANDS_DOCUMENTS, DOCUMENTS, CHUNKS, EMBEDDINGS, JOBS, DLQ)} == {None}
    of_the_house = {OPERATIONS, COMMANDS_OPERATIONS, ERASURES, COMMANDS_ERASURES, AUDIT, AUDIT_CHECKPOINTS}
    of_documents = {d.topic for d in declarations()} - of_the_house
    assert {topic.partitions for topic in of_documents} == {None}


def test_operations_have_one_order() -> None:
    """What operators ask for and what came of it is read in one order by everybody: one partition."""
    assert (OPERATIONS.partitions, COMMANDS_OPERATIONS.partitions) == (1, 1)
    assert (ERASURES.partitions, COMMANDS_ERASURES.partitions) == (1, 1)


def test_names_are_unique_and_ours() -> None:
    """One topic a name, each below `muniment.`, in characters that Kafka takes."""
    names = [t.name for t in TOPICS]
    assert len(set(names)) == len(names)
    assert all(n.startswith("muniment.") and n.replace(".", "").isalnum() and len(n) < 200 for n in names)


def test_the_truth_is_kept_for_ever() -> None:
    """Audited topics are never cut short; what may go, goes after days."""
    for topic in TOPICS:
        assert topic.audited == (topic.retention_ms == FOREVER_MS), topic.name
        assert topic.purpose


def test_tiers_and_redelivery_follow_from_the_lists() -> None:
    """One tier a delay, rising; one redelivery topic a step."""
    assert [t.name for t in RETRY_TIERS] == [f"muniment.retry.{s}s" for s in RETRY_DELAYS_S]
    assert list(RETRY_DELAYS_S) == sorted(set(RETRY_DELAYS_S))
    assert set(REDELIVERY) == set(STEP_NAMES)
    assert set(TOPICS) >= {*RETRY_TIERS, *REDELIVERY.values()}
