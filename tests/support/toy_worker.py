"""A worker process for the crash tests: runs the toy step on a host until it is killed.

Usage: python toy_worker.py BOOTSTRAP TENANT faust|service|workers|mover|parking [HEALTH_PORT]

`parking` is `workers` with records parked in the database of `MUNIMENT_TEST_DATABASE_URL`, and swept.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import asyncpg
import uvloop

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.hosted import QUICK
from support.key_ring import MemoryKeyRing
from support.toy_step import ToyStep

from muniment.producers.kafka import KafkaPublisher
from muniment.producers.log_codec import LogCodec
from muniment.stream_apps.hosting.faust_host import FaustHost
from muniment.stream_apps.hosting.hosts import Work
from muniment.stream_apps.hosting.ports import Ports
from muniment.stream_apps.hosting.service_host import ServiceHost
from muniment.stream_apps.hosting.settings import HostSettings
from muniment.stream_apps.hosting.settle import Settler
from muniment.stream_apps.hosting.workers import run_workers
from muniment.stream_apps.parking.postgres import PostgresParking
from muniment.stream_apps.parking.sweep import Sweep
from muniment.stream_apps.retrying.mover import Mover

SESSION_S = 4.0
"""After so long the partitions of a killed one go to another: those who kill wait for it again and again."""


@asynccontextmanager
async def _work(found: Work) -> AsyncIterator[Work]:
    yield found


async def main(bootstrap: str, tenant: str, kind: str, port: str = "0") -> None:
    """Run until killed."""
    step = ToyStep(tenant, timeout_s=120.0)
    settings = HostSettings(
        bootstrap,
        group_prefix=tenant,
        retry=QUICK,
        session_timeout_s=SESSION_S,
        rebalance_grace_s=2.0,
        stop_grace_s=1.0,
        concurrency=8,
        health_port=int(port) or None,
    )
    codec = LogCodec(MemoryKeyRing())
    async with KafkaPublisher(bootstrap) as publisher:
        settler = Settler(codec, publisher, limits=QUICK)
        if kind == "faust":
            await FaustHost(step.name, (step,), settler, settings).run()
        elif kind == "service":
            await ServiceHost(step, lambda record: settler.settle(step, record), settings).run()
        elif kind == "workers":
            await run_workers(partial(_work, Work((step,), publisher, codec)), settings)
        elif kind == "parking":
            async with asyncpg.create_pool(os.environ["MUNIMENT_TEST_DATABASE_URL"], min_size=1) as pool:
                parking = PostgresParking(pool)
                sweep = Sweep(parking, publisher, lost_s=3600, held=lambda _: False)
                sweeping = asyncio.create_task(sweep.run())
                ports = Ports(parking=parking)
                await run_workers(partial(_work, Work((step,), publisher, codec, ports)), settings)
                sweeping.cancel()
        else:
            await Mover(bootstrap, publisher, group=f"{tenant}.retrying", session_timeout_s=SESSION_S).run()


if __name__ == "__main__":
    run = uvloop.run if os.environ.get("MUNIMENT_TEST_UVLOOP") else asyncio.run
    run(main(*sys.argv[1:]))
