"""A stuck record and the window: its partition is held before it has filled what all partitions share."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka.partitioner import murmur2
from support.hosted import QUICK, SESSION_S, Hosted, faust_hosted, service_hosted
from support.topics import PARTITIONS
from support.toy_step import Do

from muniment.schemas.record import Record
from muniment.schemas.topics import DOCUMENTS
from muniment.stream_apps.hosting import service_host
from muniment.stream_apps.hosting.settings import HostSettings

WINDOW = 256
BEHIND = 400


def is_in(document: UUID, partition: int | None) -> bool:
    """Whether the producer puts a document there."""
    return (murmur2(str(document).encode()) & 0x7FFFFFFF) % PARTITIONS == partition


def ended(hosted: Hosted) -> set[bytes]:
    """The keys of all results so far."""
    return {r.key for r in hosted.seen[DOCUMENTS.name] if r.header("ce_source") == "muniment.indexing"}


async def done(hosted: Hosted, records: list[Record], within_s: float = 100) -> None:
    """Wait for the results of all these."""
    wanted = {record.key for record in records}
    try:
        async with asyncio.timeout(within_s):
            while wanted - ended(hosted):  # noqa: ASYNC110 - the broker is what is waited for
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise AssertionError(f"{len(wanted - ended(hosted))} of {len(wanted)} not done in {within_s} s") from None


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", [faust_hosted, service_hosted])
async def test_a_stuck_record_stops_its_own_partition_alone(
    kafka_bootstrap: str, unique: str, kind: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With more records behind it, in its partition, than the window holds, other partitions still flow."""
    # On a log on which nothing else comes a partition goes on after so long, here once for every few records.
    monkeypatch.setattr(service_host, "FETCH_WAIT_MS", 50)

    def small(step: Any, settings: HostSettings, publisher: Any) -> Any:
        given = HostSettings(
            settings.bootstrap,
            group_prefix=settings.group_prefix,
            retry=QUICK,
            session_timeout_s=SESSION_S,
            window=WINDOW,
        )
        return kind(step, given, publisher)

    hosted = await Hosted.begin(kafka_bootstrap, unique, small)
    try:
        hosted.step.blocked = True
        stuck = await hosted.give(Do.BLOCK)
        behind: list[Any] = []
        while len(behind) < BEHIND:
            documents = [document for _ in range(200) if is_in(document := uuid4(), stuck.partition)]
            behind += await asyncio.gather(*(hosted.give(document_id=document) for document in documents))
        # Until what flows has come to its rest.
        await hosted.result_of(behind[2])
        await asyncio.sleep(2)
        others = [given for _ in range(40) if (given := await hosted.give()).partition != stuck.partition]
        await done(hosted, others)
        assert ended(hosted).isdisjoint({stuck.key, behind[-1].key}), "nothing was held: it shows nothing"
        hosted.step.blocked = False
        await done(hosted, [stuck, *behind])
    finally:
        await hosted.end()
