"""What is wrong with a topic, from what was seen of it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.schemas.topic_config import (
    END,
    START,
    TOPIC,
    WHOLE,
    Finding,
    Span,
    config_findings,
    grown,
    news,
    span_findings,
    wanted_config,
)
from muniment.schemas.topics import DOCUMENTS, JOBS, TOPICS

SPANS = st.dictionaries(
    st.integers(0, 3), st.tuples(st.integers(0, 9), st.integers(0, 9)).map(lambda p: Span(min(p), max(p))), max_size=4
)
FINDINGS = st.lists(
    st.builds(Finding, st.just("t"), st.integers(-1, 2), st.sampled_from([START, END]), st.just("0"), st.text("12")),
    unique=True,
)


def test_as_declared_is_nothing_to_find():
    """For every number of copies; more that have to confirm than wanted is fine."""
    for replication in (1, 2, 3):
        wanted = wanted_config(DOCUMENTS, replication)
        assert config_findings(DOCUMENTS, wanted, replication) == []
        assert config_findings(DOCUMENTS, wanted | {"min.insync.replicas": "3"}, replication) == []
    assert "min.insync.replicas" not in wanted_config(JOBS)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda t: t.name)
def test_no_topic_takes_a_record_from_the_future(topic):
    """An hour ahead of the broker's clock is the most; without a bound one record spoils what is found by time."""
    assert wanted_config(topic)["message.timestamp.after.max.ms"] == str(60 * 60 * 1000)


def test_what_loses_records_is_told_apart():
    """Compaction and retention lose records; another timestamp is only wrong."""
    changed = wanted_config(DOCUMENTS, 3) | {
        "cleanup.policy": "compact,delete",
        "retention.ms": "1000",
        "retention.bytes": "1000",
        "message.timestamp.type": "LogAppendTime",
        "min.insync.replicas": "1",
        "unclean.leader.election.enable": "true",
    }
    found = {one.setting: one.loses for one in config_findings(DOCUMENTS, changed, 3)}
    assert found == {
        "cleanup.policy": True,
        "retention.ms": True,
        "retention.bytes": True,
        "message.timestamp.type": False,
        "min.insync.replicas": False,
        "unclean.leader.election.enable": False,
    }


def test_a_missing_topic_is_one_finding():
    """Not one for each of its settings."""
    assert config_findings(DOCUMENTS, None) == [Finding(DOCUMENTS.name, WHOLE, TOPIC, "there", "missing")]


def test_a_first_look_finds_what_was_gone_before_it():
    """An audited partition begins at 0 as long as nobody deletes."""
    assert span_findings(DOCUMENTS, {}, {0: Span(0, 9)}) == []
    assert [one.setting for one in span_findings(DOCUMENTS, {}, {0: Span(4, 9)})] == [START]


@given(st.lists(SPANS, max_size=5))
def test_a_loss_is_found_in_every_look_until_it_is_accepted(looks):
    """However the offsets go on, what has once begun later or ended earlier is found again."""
    known: dict[int, Span] = {}
    begins: dict[int, int] = {}
    for seen in looks:
        found = {one.partition for one in span_findings(DOCUMENTS, known, seen) if one.setting == START}
        begins |= {n: max(span.begin, begins.get(n, 0)) for n, span in seen.items()}
        assert found == {n for n, span in seen.items() if span.begin > 0}
        known |= grown(known, seen)
    assert all(span.begin == 0 for span in known.values())


def test_fewer_partitions_are_a_finding():
    """A topic made anew with fewer of them has lost some."""
    found = span_findings(DOCUMENTS, {0: Span(0, 1), 1: Span(0, 1)}, {0: Span(0, 1)})
    assert [(one.setting, one.declared, one.found) for one in found] == [(TOPIC, "2 partitions", "1 partitions")]


@given(FINDINGS, FINDINGS)
def test_news_are_told_once(told, found):
    """What is raised and what is restored lead from what was told to what was found."""
    raised, restored = news(told, found)
    assert set(told) - set(restored) | set(raised) == set(found)
    assert news(found, found) == ([], [])


def test_a_finding_reads_as_a_line():
    """With the partition, where it is about one."""
    one = Finding("t", 2, START, "0", "7")
    assert str(one) == "t:2 log.start: 0 -> 7"
    assert str(replace(one, partition=WHOLE)) == "t log.start: 0 -> 7"
