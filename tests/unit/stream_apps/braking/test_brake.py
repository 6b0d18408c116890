"""The gate: closed by the brake or by a person, opened by a person or a probe."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from support.heard_log import HeardLog
from support.key_ring import MemoryKeyRing
from support.operations import MemoryOperations
from support.toy_step import Do, ToyStep, job

from muniment.producers.log_codec import LogCodec
from muniment.schemas.codec import Envelope, decode
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.event import Event
from muniment.schemas.metrics import STEP_HALTED
from muniment.schemas.operations import StepHalted, StepResumed
from muniment.schemas.record import Record
from muniment.schemas.retry_headers import retry_state
from muniment.schemas.topics import DLQ, OPERATIONS, RETRY_TIERS
from muniment.stream_apps.braking.brake import Brake
from muniment.stream_apps.braking.policy import BrakeLimits
from muniment.stream_apps.hosting.ports import Ports
from muniment.stream_apps.hosting.settle import Settler

NOW = datetime(2026, 5, 1, tzinfo=UTC)
RECORD = replace(job("acme"), partition=9, offset=9)
LIMITS = BrakeLimits(run=3, probe_after_s=30.0, probe_at_most_s=100.0)


class Log(HeardLog):
    """A log whose operations everybody reads at once."""

    def on(self, topic: str) -> list[Record]:
        return [r for r in self.sent if r.topic == topic]

    def said(self) -> list[Event]:
        return [decode(r, lambda _: None).event for r in self.on(OPERATIONS.name)]


class Broken(ToyStep):
    """Fails at everything while it is broken."""

    broken = True
    code = ErrorCode.PROVIDER_REJECTED
    tries = 0

    async def run(self, envelope: Envelope) -> AsyncIterator[Event | Record]:
        self.tries += 1
        for _ in range(20):
            await asyncio.sleep(0)  # long enough for records side by side
        if self.broken:
            raise StepFailure(self.code, "broken")
        async for item in super().run(envelope):
            yield item


class House:
    """A step behind a brake, and the clock it is timed by."""

    def __init__(self) -> None:
        self.operations = MemoryOperations()
        self.log = Log(self.operations)
        self.clock = 0.0
        self.now = NOW
        codec = LogCodec(MemoryKeyRing())
        self.brake = Brake(
            self.operations, self.log, codec, now=lambda: NOW, limits=LIMITS, monotonic=lambda: self.clock
        )
        self.step = Broken("acme", timeout_s=5)
        ports = Ports(gate=self.brake)
        self.settler = Settler(codec, self.log, ports=ports, now=lambda: self.now, sleep=lambda _: asyncio.sleep(0))
        self.tasks: list[asyncio.Task[str]] = []

    def give(self, do: Do = Do.WORK, tenant: str = "acme") -> "asyncio.Task[str]":
        record = replace(job(tenant, do=do), partition=0, offset=len(self.tasks))
        self.tasks.append(asyncio.create_task(self.settler.settle(self.step, record)))
        return self.tasks[-1]

    async def later(self, seconds: float) -> None:
        """The clock goes on; those who wait look at it."""
        self.clock += seconds
        self.brake._wake()
        await settle_down()

    async def trip(self) -> None:
        """Three documents in a row are to be buried; the third is held, for the step is halted by it."""
        for _ in range(LIMITS.run):
            self.give()
            await settle_down()


@pytest.fixture
async def house() -> AsyncIterator[House]:
    made = House()
    yield made
    made.brake.close()
    for task in made.tasks:
        task.cancel()
    await asyncio.gather(*made.tasks, return_exceptions=True)


async def settle_down() -> None:
    for _ in range(200):
        await asyncio.sleep(0)


async def test_a_broken_step_is_halted_once(house: House) -> None:
    """The record that is one too many is held and not buried, the step says so once, and nobody tries it any more."""
    await house.trip()
    assert [t.done() for t in house.tasks] == [True, True, False]
    assert len(house.log.on(DLQ.name)) == 2
    (halted,) = house.log.said()
    assert isinstance(halted, StepHalted)
    assert (halted.step, halted.code, halted.dead, halted.settled) == ("indexing", "provider_rejected", 3, 3)
    assert house.log.on(OPERATIONS.name)[0].header("tenant") == "muniment"
    tries = house.step.tries
    later = [house.give() for _ in range(5)]
    await settle_down()
    assert house.step.tries == tries
    assert not any(task.done() for task in later)


async def test_records_beside_the_trip_are_held_too(house: House) -> None:
    """Those that were under way when the step was halted are neither buried nor sent to a tier."""
    first = [house.give() for _ in range(8)]
    await settle_down()
    assert len(house.log.on(DLQ.name)) == 2
    assert sum(task.done() for task in first) == 2
    assert len(house.log.said()) == 1


async def test_no_attempt_is_used_up_beside_the_trip(house: House) -> None:
    """A record that would have been retried is held as well when its step was halted while it was tried."""
    house.step.code = ErrorCode.UNEXPECTED
    tried = house.give()
    for _ in range(3):
        await asyncio.sleep(0)
    assert house.step.tries == 1
    await house.operations.say(StepHalted(step="indexing", reason="upkeep", code="", dead=0, settled=0))
    await settle_down()
    assert not tried.done()
    assert not any(house.log.on(tier.name) for tier in RETRY_TIERS)


async def test_a_person_resumes_and_what_was_held_is_tried_again(house: House) -> None:
    """What was held ends well once the step works."""
    await house.trip()
    house.step.broken = False
    await house.operations.say(StepResumed(step="indexing", by="command", reason="mended"))
    assert await house.tasks[-1] == "done"


async def test_what_was_held_says_when_it_failed_first(house: House) -> None:
    """However long it was held and however often it was tried meanwhile: that was before, and not at its last try."""
    await house.trip()
    for _ in range(2):
        house.now += timedelta(hours=5)
        await house.operations.say(StepResumed(step="indexing", by="command", reason="hope"))
        await settle_down()
    assert await house.tasks[2] == "dead"
    state = retry_state(house.log.on(DLQ.name)[-1])
    assert state is not None
    assert state.first_failed_ms == round(NOW.timestamp() * 1000)


async def test_after_a_resumption_the_count_begins_anew(house: House) -> None:
    """A step that is as broken as before buries as many as before, and is halted again."""
    await house.trip()
    await house.operations.say(StepResumed(step="indexing", by="command", reason="hope"))
    assert await house.tasks[-1] == "dead"
    for _ in range(LIMITS.run - 1):
        house.give()
        await settle_down()
    assert [t.done() for t in house.tasks] == [True] * 4 + [False]
    assert [type(event) for event in house.log.said()] == [StepHalted, StepHalted]


async def test_a_probe_that_goes_through_resumes_the_step(house: House) -> None:
    """After its rest one record is tried; when it ends well the step goes on, and says who resumed it."""
    await house.trip()
    others = [house.give() for _ in range(3)]
    await house.later(LIMITS.probe_after_s - 1)
    tries, house.step.broken = house.step.tries, False
    await house.later(0)
    assert house.step.tries == tries
    await house.later(2)
    assert [await task for task in (house.tasks[2], *others)] == ["done"] * 4
    resumed = house.log.said()[-1]
    assert resumed == StepResumed(step="indexing", by="probe", reason="a record that was tried went through")
    assert len(house.log.on(DLQ.name)) == 2


async def test_a_probe_that_fails_is_one_and_burns_nothing(house: House) -> None:
    """Exactly one record is tried, it is held again, and the next rest is twice as long, up to its limit."""
    await house.trip()
    house.give()
    tries = house.step.tries
    await house.later(LIMITS.probe_after_s)
    assert house.step.tries == tries + 1
    await house.later(LIMITS.probe_after_s)
    assert house.step.tries == tries + 1
    await house.later(LIMITS.probe_after_s)
    assert house.step.tries == tries + 2
    assert len(house.log.on(DLQ.name)) == 2
    assert not any(house.log.on(tier.name) for tier in RETRY_TIERS)


async def test_broken_documents_in_a_row_are_not_all_that_is_tried(house: House) -> None:
    """A record that fails as a probe a second time goes its way, and makes room for the next."""
    await house.trip()
    for _ in range(2):
        assert not house.tasks[2].done()
        await house.later(LIMITS.probe_at_most_s)
    assert await house.tasks[2] == "dead"


async def test_an_outage_is_no_fault_of_the_step(house: House) -> None:
    """A probe that meets an outage waits for it as ever; the step stays halted."""
    await house.trip()
    house.step.code = ErrorCode.PROVIDER_UNAVAILABLE
    await house.later(LIMITS.probe_after_s)
    assert await house.tasks[2] == "wait"
    assert house.brake.holds("indexing")


async def test_what_a_person_halts_a_person_resumes(house: House) -> None:
    """No probe is sent through a step that was halted by command."""
    house.step.broken = False
    await house.operations.say(StepHalted(step="indexing", reason="upkeep", code="", dead=0, settled=0))
    held = house.give()
    await house.later(10_000)
    assert not held.done()
    assert house.step.tries == 0
    await house.operations.say(StepResumed(step="indexing", by="command", reason="over"))
    assert await held == "done"


async def test_a_probe_under_way_does_not_end_what_a_person_has_halted_meanwhile(house: House) -> None:
    """It ends well and is settled, and nobody says for it that the step goes on."""
    await house.trip()
    house.step.broken, tries = False, house.step.tries
    house.clock += LIMITS.probe_after_s
    house.brake._wake()
    for _ in range(10):
        await asyncio.sleep(0)
    assert house.step.tries == tries + 1
    await house.operations.say(StepHalted(step="indexing", reason="upkeep", code="", dead=0, settled=0))
    assert await house.tasks[2] == "done"
    held = house.give()
    await house.later(10_000)
    assert not held.done()
    assert house.brake.state()["halted"] == {"indexing": "upkeep"}
    assert [type(event) for event in house.log.said()] == [StepHalted]
    await house.operations.say(StepResumed(step="indexing", by="command", reason="over"))
    assert await held == "done"


async def test_a_brake_makes_no_halt_of_its_own_of_a_persons(house: House) -> None:
    """One whose word comes a moment after a person's changes nothing: no probe ends what the person has said."""
    send = house.log.send

    async def beaten_to_it(record: Record) -> Record:
        if record.topic == OPERATIONS.name:
            await house.operations.say(StepHalted(step="indexing", reason="upkeep", code="", dead=0, settled=0))
        return await send(record)

    house.log.send = beaten_to_it  # type: ignore[method-assign]
    await house.trip()
    assert [type(event) for event in house.log.said()] == [StepHalted]
    assert house.brake.state()["halted"] == {"indexing": "upkeep"}
    house.step.broken = False
    await house.later(10_000)
    assert not house.tasks[2].done()
    await house.operations.say(StepResumed(step="indexing", by="command", reason="over"))
    assert await house.tasks[2] == "done"


async def test_the_step_that_resumes_the_others_is_held_by_no_person(house: House) -> None:
    """A log on which somebody has halted it heals by itself: it works, and says nowhere that it does not."""
    await house.operations.say(StepHalted(step="operating", reason="upkeep", code="", dead=0, settled=0))
    assert not house.brake.holds("operating")
    async with asyncio.timeout(60), house.brake.passing("operating", RECORD) as probe:
        assert not probe
    assert house.brake.state()["halted"] == {}
    assert STEP_HALTED.labels("operating")._value.get() == 0


async def test_its_own_brake_halts_it_until_a_probe_goes_through(house: House) -> None:
    """That ends without anybody's command; a person's halt on top of it changes nothing."""
    await house.operations.say(StepHalted(step="operating", reason="20 in a row", code="x", dead=20, settled=20))
    await house.operations.say(StepHalted(step="operating", reason="upkeep", code="", dead=0, settled=0))
    assert house.brake.holds("operating")
    house.clock += LIMITS.probe_after_s
    async with asyncio.timeout(60), house.brake.passing("operating", RECORD) as probe:
        assert probe
    await house.brake.went_well("operating", RECORD, probe=True)
    assert not house.brake.holds("operating")


async def test_refusals_do_not_halt_a_step(house: House) -> None:
    """A hundred documents that are at fault themselves are no reason."""
    house.step.broken = False
    assert [await house.give(Do.REFUSE) for _ in range(100)] == ["refused"] * 100
    assert not house.brake.holds("indexing")


async def test_a_process_learns_from_the_others(house: House) -> None:
    """A step that another process halted is held here from the first record on, also after a start."""
    await house.trip()
    other = Brake(
        house.operations, house.log, LogCodec(MemoryKeyRing()), now=lambda: NOW, limits=LIMITS, monotonic=lambda: 0.0
    )
    passing = asyncio.create_task(other.passing("indexing", RECORD).__aenter__())
    await settle_down()
    assert not passing.done()
    async with other.passing("chunking", RECORD) as probe:
        assert not probe
    passing.cancel()
    other.close()


async def test_a_probe_that_is_cut_off_leaves_room_for_another(house: House) -> None:
    """A cancelled try (partitions moved) is not a probe that stays under way for ever."""
    await house.trip()
    house.tasks[2].cancel()
    house.clock = LIMITS.probe_after_s
    with pytest.raises(RuntimeError):
        async with house.brake.passing("indexing", RECORD):
            raise RuntimeError
    house.clock += LIMITS.probe_after_s * 2
    async with asyncio.timeout(60), house.brake.passing("indexing", RECORD) as probe:
        assert probe


async def test_a_halt_is_said_though_its_record_is_taken_away_meanwhile(house: House) -> None:
    """A rebalance while the log is away cancels the record and not the word: what this process holds, all can see."""
    send, away = house.log.send, True

    async def while_away(record: Record) -> Record:
        if away and record.topic == OPERATIONS.name:
            raise StepFailure(ErrorCode.LOG_UNAVAILABLE, "away")
        return await send(record)

    house.log.send = while_away  # type: ignore[method-assign]
    await house.trip()
    house.tasks[2].cancel()
    await settle_down()
    assert house.brake.holds("indexing")
    away = False
    async with asyncio.timeout(60):
        await house.operations.changed(0)
    assert [type(event) for event in house.log.said()] == [StepHalted]
    house.step.broken, held = False, house.give()
    await house.later(LIMITS.probe_after_s)
    assert await held == "done"
    assert not house.brake.holds("indexing")


async def test_a_brake_that_ends_says_nothing_more(house: House) -> None:
    """The end of its process ends what it was still saying: nothing is left running, and nothing held unseen."""

    async def stuck(record: Record) -> Record:
        del record
        return await asyncio.get_running_loop().create_future()

    running = asyncio.create_task(house.brake.run())
    for _ in range(LIMITS.run - 1):
        house.give()
        await settle_down()
    house.log.send, before = stuck, asyncio.all_tasks()  # type: ignore[method-assign]
    house.give()
    await settle_down()
    house.tasks[-1].cancel()
    await settle_down()
    assert house.brake.holds("indexing")
    assert len(asyncio.all_tasks() - before) == 1
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert not asyncio.all_tasks() - before
    assert not house.brake.holds("indexing")


async def test_a_pause_ends_when_something_changes(house: House) -> None:
    """Who waits for a breaker looks again as soon as an operator does something, or when the time is over."""
    async with asyncio.timeout(60):
        await house.brake.pause(0.01)
        waiting = asyncio.create_task(house.brake.pause(3600))
        await asyncio.sleep(0)
        await house.operations.say(StepHalted(step="chunking", reason="upkeep", code="", dead=0, settled=0))
        await waiting


async def test_what_comes_of_another_tenant_is_tried_after_one_rest(house: House) -> None:
    """It passes all that waits of the one whose documents halted the step, and does not wait for their long rests."""
    await house.trip()
    bad = [house.tasks[2], *(house.give() for _ in range(3))]
    for _ in range(3):
        await house.later(LIMITS.probe_at_most_s)
    tries, house.step.broken = house.step.tries, False
    other = house.give(tenant="other")
    await house.later(LIMITS.probe_after_s - 1)
    assert house.step.tries == tries
    await house.later(1)
    assert await other == "done"
    assert [await task for task in bad] == ["done"] * 4


async def test_a_probe_of_another_tenant_is_remembered_when_the_step_goes_on(house: House) -> None:
    """Who resumed the step by a good document is not halted at once again by those that are bad."""
    await house.trip()
    house.step.broken, other = False, house.give(tenant="other")
    house.clock += LIMITS.probe_after_s
    house.brake._wake()
    assert await other == "done"
    house.step.broken = True
    for _ in range(LIMITS.run * 3):
        house.give()
    await settle_down()
    assert all(task.done() for task in house.tasks)
    assert [type(event) for event in house.log.said()] == [StepHalted, StepResumed]


async def test_who_goes_away_while_it_is_next_leaves_its_turn_to_another(house: House) -> None:
    """A record that is taken away as it waits for its probe keeps nobody from being tried in its place."""
    await house.trip()
    behind = house.give()
    await settle_down()
    house.step.broken = False
    house.clock += LIMITS.probe_after_s  # nobody has looked at it yet
    house.tasks[2].cancel()
    async with asyncio.timeout(20):
        assert await behind == "done"


class Branch(Broken):
    """One of several that run a step side by side."""

    def __init__(self, branch: str) -> None:
        super().__init__("acme", timeout_s=5)
        self.branch, self.name = branch, "reembedding"


async def of_branch(house: House, branch: Branch, count: int) -> list["asyncio.Task[str]"]:
    """So many records for a branch, one after the other."""
    given = []
    for _ in range(count):
        house.step = branch
        given.append(house.give())
        await settle_down()
    return given


async def test_one_broken_branch_halts_no_other(house: House) -> None:
    """Its records are held under its own name; the other's go on, and so does it when a probe of it goes through."""
    broken, well = Branch("big/one#8"), Branch("small#8")
    well.broken = False
    held = await of_branch(house, broken, LIMITS.run)
    (halted,) = house.log.said()
    assert isinstance(halted, StepHalted)
    assert halted.step == "reembedding:big-one#8"
    assert STEP_HALTED.labels(halted.step)._value.get() == 1
    assert STEP_HALTED.labels("reembedding")._value.get() == 0
    assert [await task for task in await of_branch(house, well, 3)] == ["done"] * 3
    assert not held[-1].done()
    broken.broken = False
    await house.later(LIMITS.probe_after_s)
    assert held[-1].done()
    assert house.log.said()[-1] == StepResumed(
        step=halted.step, by="probe", reason="a record that was tried went through"
    )
    assert STEP_HALTED.labels(halted.step)._value.get() == 0


async def test_the_endings_of_branches_are_counted_apart(house: House) -> None:
    """Two dead of each are not three in a row of any."""
    for branch in (Branch("big#8"), Branch("small#8")):
        assert [await task for task in await of_branch(house, branch, LIMITS.run - 1)] == ["dead"] * 2
    assert house.log.said() == []


async def test_a_halt_of_the_whole_step_holds_every_branch(house: House) -> None:
    """Also one that an earlier program's brake has said: a probe of any branch ends it."""
    whole = StepHalted(step="reembedding", reason="3 of 3", code="unexpected", dead=3, settled=3)
    await house.operations.say(whole)
    branch = Branch("small#8")
    branch.broken = False
    (held,) = await of_branch(house, branch, 1)
    assert not held.done()
    assert house.brake.holds("reembedding:big#8")
    await house.later(LIMITS.probe_after_s)
    assert await held == "done"
    assert [event.step for event in house.log.said() if isinstance(event, StepResumed)] == ["reembedding"]


async def test_a_branch_that_a_person_halts_waits_for_that_person(house: House) -> None:
    """A probe of the whole step does not go to it; the other branches are tried, and end the halt of the whole."""
    await house.operations.say(StepHalted(step="reembedding:big#8", reason="upkeep", code="", dead=0, settled=0))
    await house.operations.say(StepHalted(step="reembedding", reason="3 of 3", code="unexpected", dead=3, settled=3))
    big, small = Branch("big#8"), Branch("small#8")
    big.broken = small.broken = False
    (held,) = await of_branch(house, big, 1)
    (tried,) = await of_branch(house, small, 1)
    await house.later(LIMITS.probe_after_s)
    assert tried.done()
    assert not held.done()
    await house.operations.say(StepResumed(step="reembedding:big#8", by="command", reason="over"))
    assert await held == "done"
