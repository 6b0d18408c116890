"""Breakers round the hosts on the way: each is held to what it did itself, and to nothing that others did."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from ipaddress import ip_network

import pytest
from support.key_ring import MemoryKeyRing
from support.operations import MemoryOperations
from support.ports import free_port
from support.publisher import MemoryPublisher
from support.web import WebServer, web_server

from muniment.producers.breakers.breakers import Breakers
from muniment.producers.breakers.policy import BreakerLimits
from muniment.producers.log_codec import LogCodec
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.web_address import WebAddress, parse
from muniment.stream_apps.fetching.doors import doors
from muniment.stream_apps.fetching.http import FetchLimits, HttpFetcher
from muniment.stream_apps.fetching.port import Door

LIMITS = BreakerLimits(failures=3)
NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
async def web() -> AsyncIterator[WebServer]:
    """All hosts that answer, by whatever name."""
    async with web_server() as made:
        yield made


@pytest.fixture
def door() -> Door:
    """The doors of a process that has just begun."""
    operations, codec = MemoryOperations(), LogCodec(MemoryKeyRing())
    return doors(Breakers(operations, MemoryPublisher(), codec, limits=LIMITS, now=lambda: NOW, draw=lambda: 0.0))


async def here(host: str, port: int) -> Sequence[str]:
    """Every name is one of this machine."""
    del host, port
    return ["127.0.0.1"]


def fetcher(door: Door, *ports: int, total_s: float = 60.0, silence_s: float = 30.0) -> HttpFetcher:
    """A fetcher from these ports."""
    allowed = (ip_network("127.0.0.1/32"),)
    limits = FetchLimits(
        bytes_max=100_000, total_s=total_s, silence_s=silence_s, ports=frozenset(ports), allowed=allowed
    )
    return HttpFetcher(limits, door=door, resolve=here)


async def told(by: HttpFetcher, text: str) -> str:
    """What lies there, or why it is not had."""
    try:
        async with by.open(parse(text)) as found:
            return b"".join([piece async for piece in found.pieces]).decode()
    except StepFailure as error:
        return error.code.value


async def test_dead_targets_do_not_shut_the_door_of_who_leads_there(web: WebServer, door: Door) -> None:
    """Their own doors shut; the redirector, which has answered each time, leads others on."""
    dead = free_port()
    by = fetcher(door, web.port, dead)
    web.say("/dead", status="302 Found", Location=f"http://dead.test:{dead}/")
    web.say("/well", status="302 Found", Location=f"http://well.test:{web.port}/page")
    web.say("/page", b"there")
    start = f"http://leads.test:{web.port}"
    assert [await told(by, f"{start}/dead") for _ in range(5)] == ["fetch_failed"] * 3 + ["breaker_open"] * 2
    assert await told(by, f"{start}/well") == "there"
    assert await told(by, f"http://dead.test:{dead}/other") == "breaker_open"


async def test_a_host_that_fails_behind_another_shuts_its_own_door(web: WebServer, door: Door) -> None:
    """By its answer, or in the middle of its body; asked for directly it is left alone as well."""
    by = fetcher(door, web.port)
    web.say("/busy", status="302 Found", Location=f"http://busy.test:{web.port}/503")
    web.say("/503", status="503 Service Unavailable")
    web.say("/short", status="302 Found", Location=f"http://short.test:{web.port}/cut")
    web.pages["/cut"] = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"
    web.say("/", b"there")
    for name in ("busy", "short"):
        start = f"http://leads.test:{web.port}/{name}"
        assert [await told(by, start) for _ in range(4)] == ["fetch_failed"] * 3 + ["breaker_open"]
        assert await told(by, f"http://{name}.test:{web.port}/") == "breaker_open"
    assert await told(by, f"http://leads.test:{web.port}/") == "there"


async def test_who_is_left_no_time_is_not_to_blame(web: WebServer, door: Door) -> None:
    """One that dawdles and then leads elsewhere cannot shut the door of who it leads to; who dawdles itself can."""

    async def dawdles(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.35)
        writer.write(f"HTTP/1.1 302 Found\r\nLocation: http://well.test:{web.port}/slow\r\n\r\n".encode())
        await writer.drain()

    async def slow(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(3600)
        writer.write(b"")

    web.pages |= {"/to": dawdles, "/slow": slow}
    web.say("/", b"there")
    by = fetcher(door, web.port, total_s=0.5)
    assert [await told(by, f"http://leads.test:{web.port}/to") for _ in range(4)] == ["fetch_failed"] * 4
    assert await told(by, f"http://well.test:{web.port}/") == "there"
    assert [await told(by, f"http://slow.test:{web.port}/slow") for _ in range(4)] == [
        *["fetch_failed"] * 3, "breaker_open",
    ]  # fmt: skip


async def test_what_we_do_with_it_is_not_the_hosts_doing(web: WebServer, door: Door) -> None:
    """A failure of ours while its answer is open counts for nothing, and its door is left once its body has ended."""
    left: list[str] = []

    def noting(address: WebAddress) -> object:
        return Noting(address, left)

    web.say("/", b"there")
    by = fetcher(door, web.port)
    for _ in range(4):
        with pytest.raises(StepFailure, match="disk"):
            async with by.open(parse(f"http://well.test:{web.port}/")):
                raise StepFailure(ErrorCode.FETCH_FAILED, "disk")
    assert await told(by, f"http://well.test:{web.port}/") == "there"
    noted = fetcher(noting, web.port)  # type: ignore[arg-type]
    async with noted.open(parse(f"http://well.test:{web.port}/")) as found:
        assert left == []
        assert b"".join([piece async for piece in found.pieces]) == b"there"
        assert left == ["well.test"]
    assert left == ["well.test"]


class Noting:
    """A door that notes who has gone out."""

    def __init__(self, address: WebAddress, left: list[str]) -> None:
        self._address, self._left = address, left

    async def __aenter__(self) -> None:
        """Come in."""

    async def __aexit__(self, *_: object) -> None:
        """Go out."""
        self._left.append(self._address.host)
