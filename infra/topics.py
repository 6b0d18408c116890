"""Makes the broker's topics what `schemas.topics` declares: idempotent, shows a diff, refuses to shrink."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    InvalidConfigurationError,
    KafkaError,
    PolicyViolationError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    for_code,
)

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.topic_config import BOUND, as_wanted, differs, wanted_config
from muniment.schemas.topics import TOPICS, Topic

_VISIBLE_S = 15.0
_SET_ON_TOPIC = 1
"""The source of a configuration entry, in Kafka's protocol: set on the topic itself."""
_WILL_NOT = frozenset(
    {TopicAuthorizationFailedError.errno, InvalidConfigurationError.errno, PolicyViolationError.errno}
)
"""What a broker answers to a setting that it does not know, or that a policy or an ACL keeps from us."""
_LEFT = (
    "the broker does not take this setting ({why}). Everything else is as declared; but records whose time lies "
    "far ahead are not refused, and one of them spoils what is found by time (exports, --from and --to). "
    "Use Kafka 3.6 or newer, or allow it (its policy; AlterConfigs on the topics), then: muniment topics apply"
)


class TopicsError(RuntimeError):
    """The broker would not make a change; says which topic and why."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between what is declared and what is there; `refused` says why it will not be made.

    `left` says why one is done without that the broker does not take: a warning, for all topics at once.
    """

    topic: str
    what: str
    refused: str = ""
    left: str = ""

    @property
    def due(self) -> bool:
        """Whether it is to be made."""
        return not self.refused and not self.left


def made(changes: Iterable[Change]) -> str:
    """What is made of these, in words: what the trail says of it. Empty when nothing is."""
    return "; ".join(f"{one.topic}: {one.what}" for one in changes if one.due)


def differences(
    topic: Topic,
    partitions: int,
    there: int | None,
    config: dict[str, str],
    *,
    in_use: bool = True,
    replication: int = 1,
) -> list[Change]:
    """What would have to change for one topic; pure. `there` is its partition count, `None` when it is missing."""
    if there is None:
        return [Change(topic.name, f"create with {partitions} partitions")]
    changes = []
    if there > partitions:
        reason = f"it has {there} partitions and a topic cannot shrink: set MUNIMENT_PARTITIONS to {there}"
        changes.append(Change(topic.name, f"{there} -> {partitions} partitions", reason))
    elif there < partitions and topic.partitions is None and in_use:
        reason = "growing it would move documents to other partitions and break their order: make a new log instead"
        changes.append(Change(topic.name, f"{there} -> {partitions} partitions", reason))
    elif there < partitions:
        changes.append(Change(topic.name, f"{there} -> {partitions} partitions"))
    for name, value in wanted_config(topic, replication).items():
        found = config.get(name)
        if differs(name, value, found):
            refused = "an audited topic may not lose records" if _loses(topic, name, found, value) else ""
            changes.append(Change(topic.name, f"{name}: {found} -> {value}", refused))
    return changes


def _loses(topic: Topic, name: str, found: str | None, value: str) -> bool:
    if name != "retention.ms" or not topic.audited or found is None:
        return False
    return value != "-1" and (found == "-1" or int(value) < int(found))


async def plan(bootstrap: str, partitions: int, *, replication: int = 1) -> list[Change]:
    """Every difference between the declaration and the broker, nothing changed."""
    async with _admin(bootstrap) as admin:
        return await _plan(admin, partitions, replication)


async def apply(bootstrap: str, partitions: int, *, replication: int = 1) -> list[Change]:
    """Make every change that is not refused; gives all of them, the refused ones with their reason.

    Raises:
        TopicsError: the broker would not make one.
        StepFailure: `log_unavailable`.

    """
    async with _admin(bootstrap) as admin:
        changes = await _plan(admin, partitions, replication)
        missing = {c.topic for c in changes if c.what.startswith("create")}
        new = [t for t in TOPICS if t.name in missing]
        without = await _create(admin, new, partitions, replication) if new else {}
        growing = {c.topic for c in changes if "partitions" in c.what and not c.refused} - missing
        grow = {t.name: NewPartitions(t.partitions or partitions) for t in TOPICS if t.name in growing}
        if grow:
            await admin.create_partitions(grow)
        settle = {c.topic for c in changes if ":" in c.what and c.due}
        if settle:
            without |= await _settle(admin, [t for t in TOPICS if t.name in settle], changes, replication)
        await _visible(admin, partitions, replication, without)
        return left_out(changes, without)


def left_out(changes: Iterable[Change], without: Mapping[str, str]) -> list[Change]:
    """The changes, and instead of the bound of each topic that it was refused for, by why, one warning; pure."""
    if not without:
        return list(changes)
    kept = [one for one in changes if not one.left and not (one.topic in without and _bounds(one))]
    why = ", ".join(sorted(set(without.values())))
    return [*kept, Change(f"{len(without)} topics", BOUND, left=_LEFT.format(why=why))]


def _bounds(change: Change) -> bool:
    return change.what.startswith(f"{BOUND}:")


async def _create(admin: Any, topics: list[Topic], partitions: int, replication: int) -> dict[str, str]:
    answer = await admin.create_topics([_new(t, partitions, replication) for t in topics])
    without = _check(map(_created, answer.topic_errors), may_refuse=True)
    if without:
        again = [_new(t, partitions, replication) for t in topics if t.name in without]
        for new in again:
            new.topic_configs.pop(BOUND, None)
        _check(map(_created, (await admin.create_topics(again)).topic_errors))
    return without


def _created(error: Any) -> tuple[int, str, str]:
    # (topic, code), from the second version of the answer on also a message.
    return error[1], error[0], (error[2] if len(error) > 2 else "") or ""  # noqa: PLR2004 - as just said


async def _visible(admin: Any, partitions: int, replication: int, without: Collection[str]) -> None:
    """Wait until the broker shows what it has made: a worker that starts before that never sees the topic."""
    try:
        async with asyncio.timeout(_VISIBLE_S):
            while any(  # noqa: ASYNC110 - polling is all there is
                c.due and not (c.topic in without and _bounds(c)) for c in await _plan(admin, partitions, replication)
            ):
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise TopicsError(f"the broker does not show its changes after {_VISIBLE_S:.0f} s") from None


async def _settle(admin: Any, topics: list[Topic], changes: list[Change], replication: int) -> dict[str, str]:
    own = await _configs(admin, topics, own_only=True)
    wanted = {t.name: settled(t, changes, own.get(t.name, {}), replication) for t in topics}
    without = await _write(admin, wanted, may_refuse=True)
    # What else is to be set goes without it; where it was all there was, there is nothing to send.
    others = {c.topic for c in changes if ":" in c.what and c.due and not _bounds(c)}
    rest = {
        name: {key: value for key, value in wanted[name].items() if key != BOUND or key in own.get(name, {})}
        for name in without
        if name in others
    }
    if rest:
        await _write(admin, rest)
    return without


async def _write(admin: Any, configs: Mapping[str, dict[str, str]], *, may_refuse: bool = False) -> dict[str, str]:
    resources = [ConfigResource(ConfigResourceType.TOPIC, name, configs=config) for name, config in configs.items()]
    told = [one for answer in await admin.alter_configs(resources) for one in answer.resources]
    return _check(((one[0], one[3], one[1] or "") for one in told), may_refuse=may_refuse)


def settled(topic: Topic, changes: list[Change], own: dict[str, str], replication: int = 1) -> dict[str, str]:
    """What to write as a topic's configuration; pure. `own` is what is set on the topic itself.

    The broker replaces all of it: what an operator set stays only if it is said again, and so does what may not change.
    """
    refused = {c.what.split(":")[0] for c in changes if c.topic == topic.name and c.refused}
    wanted = wanted_config(topic, replication)
    return own | {
        name: value
        for name, value in wanted.items()
        if name not in refused and not as_wanted(name, value, own.get(name))
    }


def _check(errors: Iterable[tuple[int, str, str]], *, may_refuse: bool = False) -> dict[str, str]:
    """Raise for what the broker did not do: the client itself hands errors back as if they were results.

    With `may_refuse` the topics for which it would not take a setting are given instead, each with its answer.
    """
    refused = {}
    for code, topic, message in errors:
        # Made by another `apply` in the meantime: that is what was wanted.
        if code in {0, TopicAlreadyExistsError.errno}:
            continue
        name = for_code(code).__name__
        if not (may_refuse and code in _WILL_NOT):
            raise TopicsError(f"{topic}: {name}{message and f': {message}'}")
        refused[topic] = name
    return refused


def _new(topic: Topic, partitions: int, replication: int) -> NewTopic:
    return NewTopic(
        topic.name,
        num_partitions=topic.partitions or partitions,
        replication_factor=replication,
        topic_configs=wanted_config(topic, replication),
    )


async def _plan(admin: Any, partitions: int, replication: int) -> list[Change]:
    names = set(await admin.list_topics())
    present = [t for t in TOPICS if t.name in names]
    described = await admin.describe_topics([t.name for t in present]) if present else []
    counts = {d["topic"]: len(d["partitions"]) for d in described}
    configs = await _configs(admin, present)
    out: list[Change] = []
    for topic in TOPICS:
        want = topic.partitions or partitions
        out += differences(topic, want, counts.get(topic.name), configs.get(topic.name, {}), replication=replication)
    return left_out(out, {name: "it does not know it" for name, one in configs.items() if one and BOUND not in one})


async def _configs(admin: Any, topics: list[Topic], *, own_only: bool = False) -> dict[str, dict[str, str]]:
    if not topics:
        return {}
    answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, t.name) for t in topics])
    # (error, message, type, name, entries); an entry is (name, value, read only, source, …).
    return {
        resource[3]: {entry[0]: entry[1] for entry in resource[4] if not own_only or entry[3] == _SET_ON_TOPIC}
        for answer in answers
        for resource in answer.resources
    }


class _admin:  # noqa: N801 - reads as a verb where it is used
    """An admin client, closed again."""

    def __init__(self, bootstrap: str) -> None:
        self._client = AIOKafkaAdminClient(bootstrap_servers=bootstrap, client_id="muniment-topics")

    async def __aenter__(self) -> Any:
        try:
            await self._client.start()
        except (KafkaError, OSError) as error:
            await self._client.close()
            raise StepFailure(ErrorCode.LOG_UNAVAILABLE, f"no broker at hand: {type(error).__name__}") from error
        return self._client

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()
