"""What every store of parked records has to hold: one in memory and the one in Postgres."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest
from support.parking import MemoryParking

from muniment.schemas.record import Record
from muniment.stream_apps.hosting.line import LONGEST_NAME
from muniment.stream_apps.parking.port import Parking, Place, Standing
from muniment.stream_apps.parking.postgres import PostgresParking

ME = Place("indexing", "acme", b"document", "muniment.documents:3:14")
NEXT, THIRD = (replace(ME, origin=f"muniment.documents:3:{n}") for n in (15, 16))


def record(place: Place, topic: str = "muniment.redelivery.indexing") -> Record:
    return Record(topic, place.key, place.origin.encode(), (("ce_id", place.origin.encode()), ("odd", b"\x00\xff")))


@pytest.fixture(params=["memory", "postgres"])
def address(request: pytest.FixtureRequest) -> str:
    return "" if request.param == "memory" else request.getfixturevalue("database_url")


@pytest.fixture
async def parking(address: str) -> AsyncIterator[Parking]:
    if not address:
        yield MemoryParking(clock=time.time)
        return
    async with asyncpg.create_pool(address, min_size=1, max_size=4) as pool:
        yield PostgresParking(pool)


async def aged(parking: Parking, seconds: float) -> None:
    """Let every head have been seen so much longer ago."""
    if isinstance(parking, MemoryParking):
        for head in parking.heads.values():
            head.seen_at -= seconds
        return
    assert isinstance(parking, PostgresParking)
    later = "update muniment_parking.heads set parked_at = parked_at - make_interval(secs => $1)"
    await parking._pool.execute(later, seconds)


async def silent(parking: Parking, step: str, seconds: float) -> None:
    """Let all that was noted of a step have been noted so much longer ago."""
    if isinstance(parking, MemoryParking):
        parking.noted[step] -= seconds
        parking.pauses = [(of, a - seconds, b - seconds) if of == step else (of, a, b) for of, a, b in parking.pauses]
        return
    assert isinstance(parking, PostgresParking)
    earlier = "- make_interval(secs => $2)"
    for sql in (
        f"update muniment_parking.running set noted_at = noted_at {earlier} where step = $1",
        f"update muniment_parking.pauses set since = since {earlier}, until = until {earlier} where step = $1",
    ):
        await parking._pool.execute(sql, step, seconds)


def ago(seconds: float) -> int:
    """That moment, in milliseconds of the Unix epoch."""
    return round((time.time() - seconds) * 1000)


async def headed(parking: Parking) -> None:
    """The first one waits for its retry, published."""
    assert await parking.lead(ME, record(ME, "muniment.retry.1s"))
    await parking.published(ME)


async def test_a_document_of_whom_nobody_waits_is_free(parking: Parking) -> None:
    """Without a head every record is free, and nothing is stored for it."""
    assert await parking.stand(ME, record(ME)) is Standing.FREE
    assert await parking.release(ME) is None
    assert await parking.waiting() == {}


async def test_later_records_wait_and_come_in_order(parking: Parking) -> None:
    """Each release gives the next one, whole, in the order in which they were parked; the last one frees the key."""
    await headed(parking)
    assert await parking.stand(ME, record(ME)) is Standing.HEAD
    for place in (NEXT, THIRD):
        assert await parking.stand(place, record(place)) is Standing.PARKED
    assert await parking.waiting() == {"indexing": 2}
    before = ME
    for place in (NEXT, THIRD):
        assert await parking.release(before) == (place, record(place))
        await parking.published(place)
        assert await parking.stand(place, record(place)) is Standing.HEAD
        before = place
    assert await parking.release(THIRD) is None
    assert await parking.stand(ME, record(ME)) is Standing.FREE


async def test_a_header_of_any_name_comes_back(parking: Parking) -> None:
    """Whatever a foreign record calls its headers: NUL, which no text of Postgres can hold, blocks nobody's line."""
    names = ("", "\x00", "a\x00b", "\x00" * 3, "가", "6f6464", "plain")
    strange = replace(record(NEXT), headers=tuple((name, name.encode()) for name in names))
    assert await parking.lead(ME, replace(strange, key=ME.key))
    await parking.published(ME)
    assert await parking.stand(NEXT, strange) is Standing.PARKED
    assert await parking.release(ME) == (NEXT, strange)


async def test_the_longest_names_have_a_line(parking: Parking) -> None:
    """A tenant and a key as long as a place may have them, and nothing in them to squeeze, fit into the index."""
    dice = random.Random(7)
    tenant = "".join(chr(dice.randint(0x20, 0x7E)) for _ in range(LONGEST_NAME))
    first, second = (replace(one, tenant=tenant, key=dice.randbytes(LONGEST_NAME)) for one in (ME, NEXT))
    second = replace(second, key=first.key)
    assert await parking.lead(first, record(first))
    assert await parking.stand(second, record(second)) is Standing.PARKED
    assert await parking.release(first) == (second, record(second))


async def test_every_step_tenant_and_document_has_a_line_of_its_own(parking: Parking) -> None:
    """Nobody else waits for a head."""
    await headed(parking)
    for other in (replace(NEXT, step="deciding"), replace(NEXT, tenant="other"), replace(NEXT, key=b"another")):
        assert await parking.stand(other, record(other)) is Standing.FREE


async def test_repeats_change_nothing(parking: Parking) -> None:
    """Leading, parking, publishing and releasing twice is the same as once."""
    await headed(parking)
    await headed(parking)
    for _ in range(2):
        assert await parking.stand(NEXT, record(NEXT)) is Standing.PARKED
    assert await parking.waiting() == {"indexing": 1}
    assert await parking.release(ME) == (NEXT, record(NEXT))
    assert await parking.release(ME) is None
    for _ in range(2):
        await parking.published(NEXT)
    assert await parking.release(NEXT) is None


async def test_only_one_can_lead(parking: Parking) -> None:
    """Of two records of a document one is the head, the other is told so and can be parked behind it."""
    first, second = await asyncio.gather(parking.lead(ME, record(ME)), parking.lead(NEXT, record(NEXT)))
    assert first != second
    head, other = (ME, NEXT) if first else (NEXT, ME)
    assert await parking.stand(other, record(other)) is Standing.PARKED
    assert await parking.release(head) == (other, record(other))


async def test_a_head_that_was_not_published_is_found(parking: Parking) -> None:
    """Whoever dies between becoming the head (or releasing the next) and the broker's word leaves a record to find."""
    await parking.lead(ME, record(ME, "muniment.retry.1s"))
    assert await parking.unpublished(60) == []
    assert list(await parking.unpublished(0)) == [(ME, record(ME, "muniment.retry.1s"))]
    await parking.published(ME)
    assert list(await parking.unpublished(0)) == []
    await parking.stand(NEXT, record(NEXT))
    assert list(await parking.unpublished(0)) == []
    await parking.release(ME)
    assert list(await parking.unpublished(0)) == [(NEXT, record(NEXT))]


async def test_a_head_that_is_found_is_found_by_one(parking: Parking) -> None:
    """Two sweeps at once do not both publish it."""
    await parking.lead(ME, record(ME))
    await aged(parking, 3600)
    found = await asyncio.gather(parking.unpublished(600), parking.unpublished(600))
    assert sorted(map(len, found)) == [0, 1]


async def test_a_head_that_nobody_hears_of_is_found(parking: Parking) -> None:
    """One that is on its way and not seen for long is named; one that is stored, or was seen lately, is not."""
    await parking.lead(ME, record(ME))
    assert list(await parking.unheard_of(0)) == []
    await parking.published(ME)
    assert list(await parking.unheard_of(0)) == [ME]
    assert list(await parking.unheard_of(60)) == []


async def test_a_pause_of_its_step_makes_a_head_no_older(parking: Parking) -> None:
    """Whoever first says that the step runs again moves its heads on by the pause; those of other steps stay."""
    other = replace(ME, step="deciding")
    await parking.running(["indexing", "deciding"])
    for head in (ME, other):
        assert await parking.lead(head, record(head))
        await parking.published(head)
    await aged(parking, 5000)
    await silent(parking, "indexing", 4000)
    await asyncio.gather(*(parking.running(["indexing", "deciding"]) for _ in range(3)))
    assert list(await parking.unheard_of(4500)) == [other]
    assert ME in await parking.unheard_of(900)
    assert ME not in await parking.unheard_of(1100)


async def test_a_head_that_was_seen_in_a_pause_is_moved_up_to_now(parking: Parking) -> None:
    """A probe of a halted step is heard of: only what went by after that is taken off."""
    await parking.running(["indexing"])
    await silent(parking, "indexing", 4000)
    await headed(parking)
    await aged(parking, 3000)
    await parking.running(["indexing"])
    assert ME in await parking.unheard_of(0)
    assert list(await parking.unheard_of(100)) == []


async def test_pauses_are_told_of_what_went_by(parking: Parking) -> None:
    """Those that are over and one that is not, so far as they came after the moment; a short silence is none."""
    await parking.running(["indexing"])
    assert await parking.paused_ms("indexing", ago(0)) == 0
    assert await parking.paused_ms("deciding", ago(9000)) == 0, "nobody ever said that it runs"
    await silent(parking, "indexing", 59)
    await parking.running(["indexing"])
    assert await parking.paused_ms("indexing", ago(50)) == 0
    await silent(parking, "indexing", 1000)
    assert await parking.paused_ms("indexing", ago(500)) == pytest.approx(500_000, abs=5000)
    await parking.running(["indexing"])
    await silent(parking, "indexing", 200)
    for since_s, paused_s in ((1250, 1200), (1100, 1100), (100, 100)):
        found = await parking.paused_ms("indexing", ago(since_s))
        assert found == pytest.approx(paused_s * 1000, abs=5000), "it ran for a minute before"
    await parking.running(["indexing"])
    await silent(parking, "indexing", 50)
    assert await parking.paused_ms("indexing", ago(100)) == pytest.approx(50_000, abs=5000)


async def test_the_word_of_the_broker_comes_late(parking: Parking) -> None:
    """A head that ended before its publisher heard of it, and waits anew (a redrive), is not taken away by that."""
    await headed(parking)
    await parking.stand(NEXT, record(NEXT))
    await parking.release(ME)
    await parking.stand(THIRD, record(THIRD))
    assert await parking.release(NEXT) == (THIRD, record(THIRD))
    again = record(NEXT)
    assert await parking.stand(NEXT, again) is Standing.PARKED
    await parking.published(NEXT)
    assert await parking.release(THIRD) == (NEXT, again)


async def test_two_at_once_of_many(parking: Parking) -> None:
    """A record that arrives while its head is released either waits and is released, or is free: it is never left."""
    for n in range(25):
        head = replace(ME, key=b"%d" % n, origin=f"t:{n}:0")
        late = replace(head, origin=f"t:{n}:1")
        await parking.lead(head, record(head))
        await parking.published(head)
        standing, released = await asyncio.gather(parking.stand(late, record(late)), parking.release(head))
        if standing is Standing.PARKED:
            assert released == (late, record(late))
        else:
            assert (standing, released) == (Standing.FREE, None)
            assert await parking.stand(late, record(late)) is Standing.FREE
