"""The network between a worker and its broker is stalled and cut, in the middle of its work."""

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from support import toy_worker
from support.kafka import running_broker
from support.log_reading import read_topics
from support.ports import free_ports
from support.relay import Relay, relay_to
from support.stack import until
from support.topics import create_topics
from support.toy_step import job

from muniment.infra.kafka import broker as kafka
from muniment.producers.kafka import KafkaPublisher
from muniment.schemas.topics import DLQ, DOCUMENTS

RECORDS = 60
PATIENCE_S = 180.0


@contextmanager
def broker_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Relay]]:
    """A broker that tells its clients on one listener to come over a relay; its own address, and the relay."""
    port, controller_port, far_port = free_ports(3)
    plain = kafka.server_properties
    with relay_to(far_port) as relay:

        def with_a_far_listener(broker: kafka.Broker) -> str:
            more = {
                "listeners": f"FAR://127.0.0.1:{far_port}",
                "advertised.listeners": f"FAR://127.0.0.1:{relay.port}",
                "listener.security.protocol.map": "FAR:PLAINTEXT",
            }
            lines = [line.partition("=")[::2] for line in plain(broker).splitlines()]
            return "".join(f"{k}={v},{more[k]}\n" if k in more else f"{k}={v}\n" for k, v in lines)

        monkeypatch.setattr(kafka, "server_properties", with_a_far_listener)
        with running_broker(port, controller_port, folder) as broker:
            yield broker.bootstrap, relay


def test_a_worker_survives_a_stalled_and_a_cut_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its broker is out of reach twice while it works: every record is settled under one id, and none buried."""
    tenant = f"t{uuid4().hex[:8]}"
    with broker_behind(tmp_path / "kafka", monkeypatch) as (bootstrap, relay):
        asyncio.run(create_topics(bootstrap))
        given = [job(tenant) for _ in range(RECORDS)]

        def give(records: list[object]) -> None:
            async def send() -> None:
                async with KafkaPublisher(bootstrap) as publisher:
                    await asyncio.gather(*[publisher.send(record) for record in records])  # type: ignore[arg-type]

            asyncio.run(send())

        def results() -> list[str]:
            found = read_topics(bootstrap, [DOCUMENTS.name])
            return [r.header("ce_id") or "" for r in found if "DocumentIndexed" in (r.header("ce_type") or "")]

        command = [sys.executable, toy_worker.__file__, f"127.0.0.1:{relay.port}", tenant, "service"]
        worker = subprocess.Popen(command)
        third = RECORDS // 3
        try:
            give(list(given[:third]))
            until("the first are done", lambda: len(set(results())) >= third, PATIENCE_S, 0.5)
            relay.stall()
            give(list(given[third : 2 * third]))
            held = len(set(results()))
            assert held == third, "nothing gets through a stalled network"
            relay.resume()
            until("the next are done", lambda: len(set(results())) >= 2 * third, PATIENCE_S, 0.5)
            relay.cut()
            give(list(given[2 * third :]))
            relay.resume()
            until("all are done", lambda: len(set(results())) >= RECORDS, PATIENCE_S, 0.5)
            assert worker.poll() is None, "the worker lives"
        finally:
            worker.kill()
            worker.wait()
        done = Counter(results())
        assert len(done) == RECORDS, "a repeat has the id of the first"
        assert read_topics(bootstrap, [DLQ.name]) == []
