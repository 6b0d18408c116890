"""What a topic has to be on the broker, and what it means when it is not. Pure.

Names and meanings of the settings: Apache Kafka, Topic Configs. Of an audited topic it is also checked where its
partitions begin and end: records leave a log only by retention or `DeleteRecords` (KIP-107), which an audited one does
not know, or with the topic.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from muniment.schemas.topics import MAX_AHEAD_MS, Topic

WHOLE = -1
"""The partition of a finding about the whole topic."""
TOPIC, START, END = "topic", "log.start", "log.end"
"""Settings that are none of Kafka's: the topic is there; its first offset; its end."""
BOUND = "message.timestamp.after.max.ms"
"""How far ahead of the broker's clock a record may be: unknown to Kafka before 3.6, and some brokers refuse it."""
_AT_LEAST = frozenset({"min.insync.replicas"})
_LOSING = frozenset({"cleanup.policy", "retention.ms", "retention.bytes"})


@dataclass(frozen=True, slots=True)
class Finding:
    """A topic is not what it should be."""

    topic: str
    partition: int
    setting: str
    declared: str
    found: str

    @property
    def loses(self) -> bool:
        """Whether records are, or will be, lost by it, so that nothing more may be entrusted to the topic."""
        return self.setting in _LOSING

    def __str__(self) -> str:
        place = self.topic if self.partition == WHOLE else f"{self.topic}:{self.partition}"
        return f"{place} {self.setting}: {self.declared} -> {self.found}"


@dataclass(frozen=True, slots=True)
class Span:
    """The offsets of a partition: its first record, and where the next one will be."""

    begin: int
    end: int


def wanted_config(topic: Topic, replication: int = 1) -> dict[str, str]:
    """The topic's configuration on the broker; `replication` is the number of its copies.

    What is audited is confirmed by all copies but one (all, when there is one only), and never led by a copy that had
    fallen behind: that one would not have all that was confirmed.
    """
    config = {
        "cleanup.policy": "delete",
        "retention.ms": str(topic.retention_ms),
        "retention.bytes": "-1",
        "max.message.bytes": str(topic.max_message_bytes),
        "message.timestamp.type": "CreateTime",
        # Nothing here is stamped ahead on purpose: what waits for its time says until when in a header.
        BOUND: str(MAX_AHEAD_MS),
        # Ours are not compressed. What others send in a codec that our consumers have no library for would stop every
        # reader of the partition: the broker unpacks it.
        "compression.type": "uncompressed",
    }
    if topic.audited:
        config["min.insync.replicas"] = str(max(1, replication - 1))
        config["unclean.leader.election.enable"] = "false"
    return config


def as_wanted(name: str, wanted: str, found: str | None) -> bool:
    """Whether a value will do: some may be higher than what is wanted."""
    if found is not None and name in _AT_LEAST:
        return int(found) >= int(wanted)
    return found == wanted


def differs(name: str, wanted: str, found: str | None) -> bool:
    """Whether what a broker has will not do.

    A setting that can be done without, and that the broker does not know, is no difference: nobody could set it.
    """
    return not as_wanted(name, wanted, found) and not (name == BOUND and found is None)


def config_findings(topic: Topic, config: Mapping[str, str] | None, replication: int = 1) -> list[Finding]:
    """What differs in a topic's configuration; `config` is `None` for one that is not there."""
    if config is None:
        return [Finding(topic.name, WHOLE, TOPIC, "there", "missing")]
    return [
        Finding(topic.name, WHOLE, name, value, str(config.get(name)))
        for name, value in wanted_config(topic, replication).items()
        if differs(name, value, config.get(name))
    ]


def span_findings(topic: Topic, known: Mapping[int, Span], seen: Mapping[int, Span]) -> list[Finding]:
    """Where records have gone: partitions that begin later, or end earlier, than they are known to.

    A partition that is not known begins with its first record: an audited topic has never lost one.
    """
    found = []
    for partition, span in sorted(seen.items()):
        before = known.get(partition, Span(0, 0))
        if span.begin > before.begin:
            found.append(Finding(topic.name, partition, START, str(before.begin), str(span.begin)))
        if span.end < before.end:
            found.append(Finding(topic.name, partition, END, str(before.end), str(span.end)))
    missing = known.keys() - seen.keys()
    if seen and missing:
        found.append(Finding(topic.name, WHOLE, TOPIC, f"{len(known)} partitions", f"{len(seen)} partitions"))
    return found


def grown(known: Mapping[int, Span], seen: Mapping[int, Span]) -> dict[int, Span]:
    """What is known from now on: a beginning stays where it was first seen, an end goes only forward."""
    return {
        partition: Span(
            known[partition].begin if partition in known else 0,
            max(span.end, known[partition].end if partition in known else 0),
        )
        for partition, span in seen.items()
    }


def news(told: Iterable[Finding], found: Sequence[Finding]) -> tuple[list[Finding], list[Finding]]:
    """What is to be told that was not yet, and what was told and holds no more."""
    told = list(told)
    return [one for one in found if one not in told], [one for one in told if one not in found]
