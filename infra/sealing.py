"""Wires the sealer together, and what makes proofs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from muniment.infra import bootstrap
from muniment.infra.not_set import required
from muniment.infra.one_connection import CONNECT_S
from muniment.infra.outside import at_address
from muniment.producers.clock import utc_now
from muniment.producers.sealing.adopting import Adopting
from muniment.producers.sealing.appending import Appending
from muniment.producers.sealing.comparing import Comparing
from muniment.producers.sealing.log_reader import LogReader
from muniment.producers.sealing.places import FolderPlace, Place, S3Place
from muniment.producers.sealing.publishing import Publishing
from muniment.producers.sealing.rechecking import Rechecking
from muniment.producers.sealing.sealer import Sealer, Tools
from muniment.producers.sealing.store import SealingStore
from muniment.producers.signing import Signer
from muniment.schemas.topics import SEALED, SEALED_FOR_EVER


def sealer(parts: bootstrap.Parts) -> Sealer:
    """What seals the audited topics; any number may run."""
    settings = parts.settings
    brokers = required(settings.kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP")
    place = place_outside(settings.checkpoints)
    signer = Signer(settings.signing_keys_file)

    @asynccontextmanager
    async def opened() -> AsyncIterator[Tools]:
        async with LogReader(brokers) as reader:
            store = SealingStore(parts.pool, utc_now)
            yield Tools(
                reader,
                store,
                Adopting(parts.pool, reader, parts.codec, signer),
                Appending(reader, store, signer, records_max=settings.seal_records, for_ever=SEALED_FOR_EVER),
                Publishing(
                    parts.pool,
                    parts.publisher,
                    parts.codec,
                    signer,
                    place=place,
                    every_s=settings.checkpoints_every_s,
                ),
                Rechecking(parts.pool, reader),
                Comparing(parts.pool, signer, place),
            )

    def connect() -> Any:
        named = {"application_name": "muniment-sealing"}
        return asyncpg.connect(bootstrap.database_url(settings), timeout=CONNECT_S, server_settings=named)

    return Sealer(connect, opened, [topic.name for topic in SEALED], every_s=settings.seal_every_s)


def place_outside(address: str) -> Place:
    """Where checkpoints go; raises as `at_address`."""
    return at_address(address, "MUNIMENT_CHECKPOINTS_URL", FolderPlace, S3Place)
