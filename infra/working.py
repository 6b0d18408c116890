"""The process that works: all steps on Faust, and what runs beside them; and the same for whoever else hosts them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from muniment.infra import bootstrap, stepping
from muniment.infra.erasing import eraser as eraser_of
from muniment.infra.host_settings import host_settings
from muniment.infra.log_watch.starting import check_topics
from muniment.infra.migrating import branches, following
from muniment.infra.redriving import redriver as redriver_of
from muniment.infra.sealing import sealer
from muniment.infra.settings import Settings
from muniment.infra.writing import telling
from muniment.producers.clock import utc_now
from muniment.stream_apps.braking.brake import Brake
from muniment.stream_apps.braking.policy import BrakeLimits
from muniment.stream_apps.cancelled import Cancelled
from muniment.stream_apps.child import Children
from muniment.stream_apps.erasing.forgetting import Forgetting
from muniment.stream_apps.hosting.hosts import Work
from muniment.stream_apps.hosting.ports import Ports
from muniment.stream_apps.hosting.switch import FlagSwitch
from muniment.stream_apps.hosting.workers import run_workers
from muniment.stream_apps.parking.postgres import PostgresParking
from muniment.stream_apps.parking.sweep import Sweep
from muniment.stream_apps.redriving.endings import RedriveEndings
from muniment.stream_apps.warming import warm

LOST_MARGIN_S = 3600.0
"""What comes on top of the deadline of an outage before a record that others wait for counts as lost, seconds."""


async def workers(settings: Settings) -> None:
    """All steps on Faust, and the mover of the retry tiers, while the flag `durable_worker` is on."""
    await check_topics(settings, refuse=True)
    async with bootstrap.parts(settings, client_id="muniment-workers") as parts:
        await run_workers(
            partial(work, parts),
            host_settings(settings, health_port=settings.workers_port),
            FlagSwitch(parts.operations, when=True),
        )


@asynccontextmanager
async def work(parts: bootstrap.Parts) -> AsyncIterator[Work]:
    """What hosts run, wherever they do: every step with all that it needs of its own, while they run."""
    settings = parts.settings
    # A document that somebody waits for never stands behind those of an import: one child more is its own.
    children = Children(settings.children, reserved=1)
    warming = asyncio.create_task(children.keep_warm(warm, str(settings.tokenizer_file)))
    own = stepping.work_folder(settings)
    limits = BrakeLimits(
        run=settings.brake_run,
        share=settings.brake_share,
        probe_after_s=settings.brake_probe_after_s,
    )
    brake = Brake(parts.operations, parts.publisher, parts.codec, now=utc_now, limits=limits)
    parking = PostgresParking(parts.pool)
    # Longer unseen, while its step ran, than the longest wait for a retry: then the topic it waited on was cut short.
    lost_s = settings.outage_deadline_s + LOST_MARGIN_S
    sweep = Sweep(parking, parts.publisher, lost_s=lost_s, held=brake.holds, branches=partial(branches, parts))
    try:
        async with Cancelled(parts.pool) as cancelled:
            endings = RedriveEndings(parts.pool, utc_now)
            ports = Ports(parking=parking, gate=brake, cancelled=cancelled, redriven=endings)
            redriver, sealing = redriver_of(parts), sealer(parts)
            eraser = eraser_of(settings, parts.pool, parts.publisher, parts.key_ring, claims=parts.claims)
            forgetting = Forgetting(parts.key_ring)
            charges = telling(settings, parts.pool, parts.publisher, utc_now)
            models = following(parts, ports, host_settings(settings))
            beside = {
                "redriving": (redriver.run, redriver.state),
                "parking": (sweep.run, sweep.state),
                "braking": (brake.run, brake.state),
                "sealing": (sealing.run, sealing.state),
                "erasing": (eraser.run, eraser.state),
                "forgetting": (forgetting.run, forgetting.state),
                "charging": (charges.run, charges.state),
                "reembedding": (models.run, models.state),
            }
            yield Work(stepping.steps(parts, children, own.path), parts.publisher, parts.codec, ports, beside)
    finally:
        warming.cancel()
        brake.close()
        own.close()
