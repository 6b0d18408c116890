"""A step that several groups run, each for itself: whose retry, whose dead letter, and whose good end it is."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.key_ring import MemoryKeyRing
from support.parking import Endings
from support.publisher import MemoryPublisher
from support.toy_step import Do, ToyStep, job

from muniment.producers.log_codec import LogCodec
from muniment.projections.dead_letters.letter import letter_of
from muniment.schemas.record import Record
from muniment.schemas.retry_headers import as_new
from muniment.schemas.topics import DLQ, REDELIVERY, RETRY_TIERS
from muniment.stream_apps.braking.port import OpenGate
from muniment.stream_apps.hosting.concerns import passes_by
from muniment.stream_apps.hosting.ports import Ports
from muniment.stream_apps.hosting.settle import Settler

BACK = REDELIVERY["reembedding"].name
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=20)


class Told(OpenGate):
    """Open, and counts what went well."""

    good = 0

    async def went_well(self, step: str, record: Record, *, probe: bool) -> None:
        del step, record, probe
        self.good += 1


class House:
    """A log, and whoever hears of ends."""

    def __init__(self) -> None:
        self.log, self.heard, self.gate = MemoryPublisher(), Endings(), Told()
        ports = Ports(redriven=self.heard, gate=self.gate)
        self.settler = Settler(
            LogCodec(MemoryKeyRing()),
            self.log,
            ports=ports,
            now=lambda: datetime(2026, 5, 1, tzinfo=UTC),
            sleep=lambda _: asyncio.sleep(0),
        )

    def on(self, topic: str) -> list[Record]:
        return [r for r in self.log.sent if r.topic == topic]


def group(branch: str, *, works: bool = False) -> ToyStep:
    """The step of a group; one that works lets everything pass that is not its tenant's, and so ends it well."""
    step = ToyStep("nobody" if works else "acme")
    step.name, step.branch = "reembedding", branch
    return step


def placed(do: Do) -> Record:
    return replace(job("acme", do=do), partition=3, offset=14)


def redriven(letter: Record) -> Record:
    """A dead letter as a redrive sends it back."""
    headers = {"redrive_id": str(uuid4()), "redrive_letter": "muniment.dlq:3:0", "redrive_times": "1"}
    return replace(as_new(letter).with_headers(headers), topic=BACK, partition=3, offset=1)


@pytest.fixture
def house() -> House:
    return House()


async def test_a_redriven_record_is_the_group_s_that_buried_it(house: House) -> None:
    """Another group, which could do it with ease, says nothing of its end: neither to the redrive nor to the brake."""
    broken, other = group("big#6"), group("small#4", works=True)
    assert await house.settler.settle(broken, placed(Do.NEVER)) == "dead"
    back = redriven(house.on(DLQ.name)[0])
    assert await house.settler.settle(other, back) == "ignored"
    assert (house.heard.heard, house.gate.good) == ([], 0)
    assert await house.settler.settle(broken, back) == "dead"
    assert [outcome for _, outcome in house.heard.heard] == ["dead"]


async def test_a_retry_is_the_group_s_that_failed(house: House) -> None:
    """One record in a tier is one try, whatever the number of groups that read the redelivery topic."""
    broken, others = group("big#6"), [group("small#4"), group("e5")]
    assert await house.settler.settle(broken, placed(Do.RAISE)) == "retry"
    back = replace(house.on(RETRY_TIERS[0].name)[0], topic=BACK)
    assert [await house.settler.settle(other, back) for other in others] == ["ignored"] * 2
    assert await house.settler.settle(broken, back) == "retry"


async def test_two_groups_dead_letters_of_one_record_are_two(house: House) -> None:
    """What died for one model and for another waits for an operator twice; buried again by a restart, not thrice."""
    record = placed(Do.NEVER)
    for branch in ("big#6", "small#4", "big#6"):
        await house.settler.settle(group(branch), record)
    first, second, again = (letter_of(one).identity for one in house.on(DLQ.name))
    assert first == again != second


async def test_what_says_of_no_group_is_every_group_s(house: House) -> None:
    """A retry of a program that did not mark them is lost to none; what a caller writes on a record marks nothing."""
    bare = replace(placed(Do.RAISE), topic=BACK)
    assert await house.settler.settle(group("big#6"), bare) == "retry"
    forged = replace(house.on(RETRY_TIERS[0].name)[0], topic="muniment.documents", partition=3, offset=14)
    assert await house.settler.settle(group("small#4", works=True), forged) == "done"


@given(st.lists(NAMES, min_size=1, max_size=5, unique=True), st.data())
def test_exactly_one_group_takes_what_comes_back(names: list[str], data: st.DataObject) -> None:
    """Whatever the groups are called: the one whose failure it was."""
    mine, house = data.draw(st.sampled_from(names)), House()
    asyncio.run(house.settler.settle(group(mine), placed(data.draw(st.sampled_from([Do.RAISE, Do.NEVER])))))
    back = replace(house.log.sent[0], topic=BACK)
    assert [name for name in names if not passes_by(group(name), back)] == [mine]
