"""A broker that will not take the bound of records' times: everything else is made, and it is said once."""

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest

from muniment.infra import topics
from muniment.schemas.topic_config import BOUND, config_findings, wanted_config
from muniment.schemas.topics import DOCUMENTS, JOBS

BOTH = (replace(DOCUMENTS, name="a"), replace(JOBS, name="b"))
UNBOUNDED = str(2**63 - 1)


@dataclass
class Broker:
    """What the client of a broker does that answers `code` to whoever sets the bound, or anything at all."""

    code: int
    knows: bool = True
    all_of_it: bool = False
    config: dict[str, dict[str, str]] = field(default_factory=dict)

    async def start(self) -> None:
        """Nothing to start."""

    async def close(self) -> None:
        """Nothing to close."""

    async def list_topics(self) -> list[str]:
        """Those that were made."""
        return list(self.config)

    async def describe_topics(self, names: list[str]) -> list[dict[str, Any]]:
        """With one partition each."""
        return [{"topic": name, "partitions": [0]} for name in names]

    async def describe_configs(self, resources: list[Any]) -> list[Any]:
        """What was set on each; where the bound is known, it has a value of the broker's."""
        default = {BOUND: UNBOUNDED} if self.knows else {}
        found = []
        for one in resources:
            own = self.config[one.name]
            entries = [(key, value, False, 1 if key in own else 5) for key, value in (default | own).items()]
            found.append((0, None, 2, one.name, entries))
        return [SimpleNamespace(resources=found)]

    async def create_topics(self, new: list[Any]) -> Any:
        """Make those that are not refused."""
        return SimpleNamespace(topic_errors=[(t.name, self._set(t.name, t.topic_configs), "no") for t in new])

    async def alter_configs(self, resources: list[Any]) -> list[Any]:
        """Set what is not refused."""
        told = [(self._set(one.name, one.configs), "no", 2, one.name) for one in resources]
        return [SimpleNamespace(resources=told)]

    def _set(self, name: str, config: dict[str, str]) -> int:
        if BOUND in config or self.all_of_it:
            return self.code
        self.config[name] = dict(config)
        return 0


def unbounded(topic: Any) -> dict[str, str]:
    """A topic's configuration as it was before there was a bound."""
    return {key: value for key, value in wanted_config(topic).items() if key != BOUND}


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let the topics be those of this broker."""

    def use(broker: Broker) -> Broker:
        monkeypatch.setattr(topics, "TOPICS", BOTH)
        monkeypatch.setattr(topics, "_VISIBLE_S", 0.3)
        monkeypatch.setattr(topics, "AIOKafkaAdminClient", lambda **_: broker)
        return broker

    return use


@pytest.mark.parametrize("knows", [True, False])
@pytest.mark.parametrize("code", [29, 40, 44])
async def test_topics_are_made_without_the_bound_where_it_is_refused(at: Any, code: int, knows: bool) -> None:
    """With all that is declared but this; one warning for all topics names the setting and what to do."""
    broker = at(Broker(code, knows))
    changes = await topics.apply("x", 1)
    assert broker.config == {topic.name: unbounded(topic) for topic in BOTH}
    (left,) = [change for change in changes if change.left]
    assert BOUND in left.what
    assert "Kafka 3.6" in left.left
    assert "AlterConfigs" in left.left
    assert not any(change.refused for change in changes)
    assert topics.made(changes).count("create") == len(BOTH)


@pytest.mark.parametrize("code", [29, 40, 44])
async def test_topics_that_were_there_before_the_bound_need_no_right_to_change_them(at: Any, code: int) -> None:
    """As before it, `up` goes on where nothing may be altered, and says what it could not set."""
    before = {topic.name: unbounded(topic) for topic in BOTH}
    broker = at(Broker(code, all_of_it=True, config=dict(before)))
    (left,) = await topics.apply("x", 1)
    assert left.left
    assert broker.config == before


@pytest.mark.parametrize("knows", [True, False])
async def test_the_rest_of_a_topic_is_set_where_the_bound_is_refused(at: Any, knows: bool) -> None:
    """One setting that the broker refuses holds up no other."""
    before = {topic.name: unbounded(topic) for topic in BOTH}
    broker = at(Broker(40, knows, config={**before, "a": before["a"] | {"compression.type": "gzip"}}))
    changes = await topics.apply("x", 1)
    assert broker.config == before
    assert topics.made(changes) == "a: compression.type: gzip -> uncompressed"
    assert len([change for change in changes if change.left]) == 1


async def test_a_broker_that_does_not_know_the_bound_is_named_and_not_altered(at: Any) -> None:
    """Nothing is to be made, so `up` only looks; the plan has the warning."""
    at(Broker(40, knows=False, config={topic.name: unbounded(topic) for topic in BOTH}))
    changes = await topics.plan("x", 1)
    assert [bool(change.left) for change in changes] == [True]
    assert topics.made(changes) == ""


async def test_another_refusal_says_what_the_broker_said(at: Any) -> None:
    """What is refused without the bound, too, is an error as ever, in the broker's words."""
    at(Broker(44, all_of_it=True))
    with pytest.raises(topics.TopicsError, match="a: PolicyViolationError: no"):
        await topics.apply("x", 1)


def test_the_watch_does_not_alarm_for_a_bound_that_the_broker_does_not_know() -> None:
    """Nobody has changed it; one that the broker knows and that differs is told."""
    assert config_findings(DOCUMENTS, unbounded(DOCUMENTS)) == []
    (found,) = config_findings(DOCUMENTS, unbounded(DOCUMENTS) | {BOUND: UNBOUNDED})
    assert found.setting == BOUND
