"""What waits behind another record of an erased document: nobody waits for it afterwards, nor for ever."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from support.erasing_house import TENANT, House
from support.parking import Endings

from muniment.schemas.codec import Envelope
from muniment.schemas.commands import SubmitDocument
from muniment.schemas.documents import CommandRejected, DocumentSubmitted
from muniment.schemas.erasures import ErasureCompleted, KeysDestroyed, StoreErased
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.event import Event
from muniment.schemas.metadata import Metadata
from muniment.schemas.record import Record
from muniment.schemas.retry_headers import REDRIVE_ID, origin_of, with_origin
from muniment.schemas.topics import COMMANDS_DOCUMENTS, REDELIVERY, RETRY_TIERS
from muniment.stream_apps.cancelled import Cancelled
from muniment.stream_apps.deciding.step import Deciding
from muniment.stream_apps.deciding.store import DecidingStore
from muniment.stream_apps.hosting.ports import Ports
from muniment.stream_apps.hosting.settle import Settler
from muniment.stream_apps.parking.port import Place
from muniment.stream_apps.parking.postgres import PostgresParking
from muniment.stream_apps.parking.withdrawing import withdraw
from muniment.stream_apps.step import Step

TIERS = {tier.name for tier in RETRY_TIERS}


class Extracting(Step):
    """Its provider is away until `up` is set."""

    name = "extracting"
    reads: tuple[type[Event], ...] = (DocumentSubmitted,)
    timeout_s = 30.0
    up = False

    def __init__(self) -> None:
        self.done: list[UUID] = []

    async def run(self, envelope: Envelope) -> AsyncIterator[Event | Record]:
        """See `Step.run`."""
        if not self.up:
            raise StepFailure(ErrorCode.PROVIDER_UNAVAILABLE, "away")
        self.done.append(envelope.meta.correlation_id)
        return
        yield


class Works(House):
    """A house in which documents are submitted, and worked on by one step."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.step, self.parking, self.endings = Extracting(), PostgresParking(self.pool), Endings()

    async def submitted(self, document: UUID) -> Record:
        """A submission that the decider let through: what the step reads of it."""
        job = uuid4()
        command = SubmitDocument(
            document_id=document,
            file_name=f"quagga {job}.md",
            title=None,
            metadata={},
            blob=f"sha256:{job}",
            size_bytes=1,
            source="upload",
            lane="normal",
        )
        meta = Metadata(job, TENANT, job, job, self.now, "test", actor="key:a")
        await self.log.send(await self.codec.encode(command, meta))
        await self.decide()
        return next(r for r in reversed(self.log.sent) if r.header("ce_type") == "muniment.DocumentSubmitted.v1")

    async def settle(self, step: Step, record: Record, cancelled: Cancelled) -> str:
        """Settle a record as a worker does that runs now."""
        await cancelled.refresh()
        ports = Ports(parking=self.parking, cancelled=cancelled, redriven=self.endings)
        return await Settler(self.codec, self.log, ports=ports).settle(step, record)

    async def parked(self, *documents: UUID) -> list[tuple[str, UUID]]:
        """At which step which of these documents has a record that waits, in their order."""
        rows = await self.pool.fetch("select step, key from muniment_parking.records order by number")
        found = [(row["step"], UUID(row["key"].decode())) for row in rows]
        return [one for one in found if one[1] in documents]

    async def due(self, cancelled: Cancelled) -> list[str]:
        """Give everything that waits in a tier, or was released since, back to the step, until nothing is left."""
        outcomes, seen = list[str](), 0
        while seen < len(self.log.sent):
            record, seen = self.log.sent[seen], seen + 1
            if record.topic in TIERS | {REDELIVERY[self.step.name].name}:
                again = record.to(REDELIVERY[self.step.name].name)
                outcomes.append(await self.settle(self.step, replace(again, partition=0, offset=seen), cancelled))
        return outcomes


@pytest.fixture
async def works(house: House) -> Works:
    """The house, at work."""
    return Works(house.pool, house.url, house.home)


@pytest.fixture
async def cancelled(works: Works) -> AsyncIterator[Cancelled]:
    """What workers know of cancelled jobs."""
    async with Cancelled(works.pool, every_s=3600) as known:
        yield known


def report(works: Works) -> StoreErased:
    """What the receipt says of work under way."""
    return next(event for event in works.events(StoreErased) if event.store == "work under way")


async def test_parked_records_go_and_every_line_goes_on(works: Works, cancelled: Cancelled) -> None:
    """Nothing of the document waits afterwards; the one that was under way ends, and others keep their places."""
    mine, other = await works.document(), await works.document()
    records = {document: [await works.submitted(document) for _ in range(3)] for document in (mine, other)}
    for first, *later in records.values():
        assert await works.settle(works.step, first, cancelled) == "wait"
        assert [await works.settle(works.step, one, cancelled) for one in later] == ["parked"] * 2
    assert await works.parked(mine, other) == [("extracting", mine)] * 2 + [("extracting", other)] * 2
    await works.ask([mine])
    await works.finish()
    assert len(works.events(ErasureCompleted)) == 1
    assert await works.parked(mine, other) == [("extracting", other)] * 2
    assert (report(works).removed, report(works).kept) == (2, 0)
    works.step.up = True
    assert sorted(await works.due(cancelled)) == ["cancelled", "done", "done", "done"]
    assert works.step.done == [record_job(one) for one in records[other]]
    assert await works.pool.fetchval("select count(*) from muniment_parking.heads") == 0
    await works.ring.create(TENANT, mine)
    assert await works.settle(works.step, await works.submitted(mine), cancelled) == "done", "a new life waits for none"


def record_job(record: Record) -> UUID:
    """The job that a record belongs to."""
    return UUID(record.header("correlation_id") or "")


async def test_a_command_that_waits_is_answered_all_the_same(works: Works, cancelled: Cancelled) -> None:
    """Its job would never end without: it stays, sealed under a key that is gone, is told of, and ends as rejected."""
    document, job = await works.document(), uuid4()
    submission = await works.submitted(document)
    command = next(r for r in works.log.sent if r.topic == COMMANDS_DOCUMENTS.name)
    late = replace(command, offset=7).with_headers({"ce_id": str(job), "correlation_id": str(job)})
    head = Place("deciding", TENANT, command.key, "muniment.commands.documents:0:6")
    await works.ask([document])
    while not works.events(KeysDestroyed):
        await works.finish(turns=1)
    assert await works.parking.lead(head, command)
    await works.parking.published(head)
    deciding = Deciding(DecidingStore(works.pool), works.codec, works.clock)
    assert await works.settle(deciding, late, cancelled) == "parked"
    await works.finish()
    assert await works.parked(document) == [("deciding", document)]
    assert (report(works).kept, "until their turn" in report(works).note) == (1, True)
    released = await works.parking.release(head)
    assert released is not None
    await works.parking.published(released[0])
    assert await works.settle(deciding, replace(released[1], partition=0, offset=0), cancelled) == "done"
    assert [event.job_id for event in works.events(CommandRejected)] == [job]
    assert await works.parked(document) == []
    assert record_job(submission) != job


async def test_whom_others_wait_for_stays(works: Works, cancelled: Cancelled) -> None:
    """A head that is not published yet, and what a redrive waits for, end at their turn, in their order."""
    document = await works.document()
    first, second, third, fourth = [await works.submitted(document) for _ in range(4)]
    head = Place("extracting", TENANT, first.key, str(origin_of(first)))
    assert await works.parking.lead(head, with_origin(first, origin_of(first)).to("muniment.retry.1s"))
    redriven = third.with_headers({REDRIVE_ID: str(uuid4())}).to(REDELIVERY["extracting"].name)
    for one in (second, redriven, fourth):
        assert await works.settle(works.step, one, cancelled) == "parked"
    await works.ask([document])
    await works.finish()
    assert len(await works.parked(document)) == 2, "the head's own row, and the redriven one"
    assert report(works).kept == 2
    ((place, published),) = await works.parking.unpublished(0)
    assert (place, published.topic) == (head, "muniment.retry.1s")
    await works.parking.published(place)
    back = replace(published.to(REDELIVERY["extracting"].name), partition=0, offset=0)
    assert await works.settle(works.step, back, cancelled) == "cancelled"
    (released,) = [r for r in works.log.sent if r.header(REDRIVE_ID)]
    assert await works.settle(works.step, released, cancelled) == "cancelled"
    assert [outcome for _, outcome in works.endings.heard] == ["cancelled"], "the redrive hears of its end"
    assert await works.parked(document) == []
    assert await works.pool.fetchval("select count(*) from muniment_parking.heads") == 0


async def test_one_that_is_released_at_that_moment_goes_on_its_way(works: Works) -> None:
    """It is either taken out or the head that is to be sent, and never the head with nothing there to be sent."""
    for number in range(10):
        document = await works.document()
        head, following = [await works.submitted(document) for _ in range(2)]
        place = Place("extracting", TENANT, head.key, str(origin_of(head)))
        assert await works.parking.lead(place, head)
        await works.parking.published(place)
        await works.parking.stand(replace(place, origin=str(origin_of(following))), following)
        job = record_job(following)
        await works.pool.execute(
            "insert into muniment_deciding.cancelled (job_id, tenant, document_id, version) values ($1, $2, $3, 1)",
            *(job, TENANT, document),
        )
        pair = [works.parking.release(place), withdraw(works.pool, TENANT, [document])]
        released = (await asyncio.gather(*(pair if number % 2 else reversed(pair))))[0 if number % 2 else 1]
        waits = await works.parked(document)
        heads = await works.pool.fetchval("select count(*) from muniment_parking.heads where key = $1", head.key)
        assert (len(waits), heads) == ((1, 1) if released else (0, 0))
