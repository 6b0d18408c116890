"""How many processes run the steps, and where."""

from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError
from support.operations import MemoryOperations

from muniment.infra import step_processes
from muniment.infra.step_processes import StepProcesses
from muniment.schemas.operations import FlagChanged
from muniment.stream_apps.hosting.settings import HostSettings


class Answer:
    """What a broker says of a group of two."""

    def to_object(self) -> dict[str, Any]:
        """As aiokafka tells it."""
        return {"groups": [{"group": "muniment.retrying", "members": [{"member_id": "a"}, {"member_id": "b"}]}]}


class Admin:
    """A broker that counts how often it is asked, and may be away."""

    asked: list[str]
    away = False
    open = 0

    def __init__(self, **_: Any) -> None:
        type(self).open += 1

    async def start(self) -> None:
        """Connect."""
        if self.away:
            raise KafkaConnectionError("refused")

    async def describe_consumer_groups(self, names: list[str]) -> list[Answer]:
        """Tell of the groups."""
        self.asked.extend(names)
        return [Answer()]

    async def close(self) -> None:
        """Let go."""
        type(self).open -= 1


@pytest.fixture
def admin(monkeypatch: pytest.MonkeyPatch) -> type[Admin]:
    """The broker of these tests."""

    own = type("Own", (Admin,), {"asked": []})
    monkeypatch.setattr(step_processes, "AIOKafkaAdminClient", own)
    return own


async def test_the_flag_says_where_the_steps_run() -> None:
    """As this process knows it, from one moment to the next."""
    operations = MemoryOperations()
    found = StepProcesses(HostSettings(""), operations)
    assert found.apart() is True
    await operations.say(FlagChanged(flag="durable_worker", value=False, reason="a drill"))
    assert found.apart() is False


async def test_members_of_the_movers_are_counted(admin: type[Admin], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every process has one; who asks again at once is told the same without asking the broker."""
    found = StepProcesses(HostSettings(""), MemoryOperations())
    assert [await found.count() for _ in range(3)] == [2, 2, 2]
    assert admin.asked == ["muniment.retrying"]
    monkeypatch.setattr(step_processes, "KEPT_S", -1.0)
    assert await found.count() == 2
    assert len(admin.asked) == 2
    assert admin.open == 0


async def test_nobody_knows_how_many_while_the_broker_is_away(admin: type[Admin]) -> None:
    """That is no number, and nothing is left open."""
    admin.away = True
    assert await StepProcesses(HostSettings(""), MemoryOperations()).count() is None
    assert (admin.asked, admin.open) == ([], 0)
