"""How many processes run the steps, as a real broker tells."""

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from support.operations import MemoryOperations

from muniment.infra import step_processes
from muniment.infra.step_processes import StepProcesses
from muniment.stream_apps.hosting.settings import HostSettings


async def test_every_mover_is_a_process(kafka_bootstrap: str, unique: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that comes is counted, one that has left is gone at once."""
    monkeypatch.setattr(step_processes, "WAIT_S", 60.0)
    monkeypatch.setattr(step_processes, "KEPT_S", -1.0)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(unique, 2, 1)])
    await admin.close()
    found = StepProcesses(HostSettings(kafka_bootstrap, group_prefix=unique), MemoryOperations())
    told = []
    movers = [
        AIOKafkaConsumer(unique, bootstrap_servers=kafka_bootstrap, group_id=f"{unique}.retrying") for _ in range(2)
    ]
    for mover in movers:
        await mover.start()
        told.append(await found.count())
    for mover in movers:
        await mover.stop()
        told.append(await found.count())
    assert told == [1, 2, 1, 0]
