"""The fetcher against real servers on this machine, which behave as servers do, and as they should not."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from support.web import WebServer, certified, web_server

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import MunimentError, Refused, StepFailure
from muniment.schemas.web_address import parse
from muniment.stream_apps.fetching.http import FetchLimits, HttpFetcher
from muniment.stream_apps.fetching.port import Found
from muniment.stream_apps.fetching.resolving import resolve

HERE = (ip_network("127.0.0.1/32"),)
NAME = "example.test"


@pytest.fixture
async def web() -> AsyncIterator[WebServer]:
    """A server on the loopback."""
    async with web_server() as made:
        yield made


class Names:
    """A resolver that answers as told, each time the next; the last answer stays."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers) or [["127.0.0.1"]]
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        del port
        self.asked.append(host)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def fetcher(web: WebServer, *answers: Sequence[str], **limits: Any) -> HttpFetcher:
    """A fetcher that finds `NAME` on this machine, and may connect to it."""
    given = {"bytes_max": 100_000, "total_s": 60.0, "silence_s": 30.0, "ports": frozenset({web.port}), "allowed": HERE}
    return HttpFetcher(FetchLimits(**(given | limits)), resolve=Names(*answers))


async def fetch(by: HttpFetcher, text: str) -> tuple[Found, bytes]:
    """What lies there."""
    async with by.open(parse(text)) as found:
        return found, b"".join([piece async for piece in found.pieces])


async def fails(by: HttpFetcher, text: str, code: ErrorCode) -> MunimentError:
    """How fetching it fails."""
    with pytest.raises(MunimentError) as error:
        await fetch(by, text)
    assert error.value.code is code, error.value
    assert isinstance(error.value, Refused) == (code is not ErrorCode.FETCH_FAILED)
    return error.value


async def test_a_page_is_fetched_under_its_name(web: WebServer) -> None:
    """The server is asked by its name, over the address that was checked, for nothing compressed and with no cookie."""
    web.say("/a/leave.md?x=1", b"# Leave", Content_Disposition='attachment; filename="policy.md"')
    found, content = await fetch(fetcher(web), f"http://{NAME}:{web.port}/a/leave.md?x=1#there")
    assert content == b"# Leave"
    assert (found.file_name, found.size_bytes, str(found.address)) == (
        "policy.md", 7, f"http://{NAME}:{web.port}/a/leave.md?x=1",
    )  # fmt: skip
    head = web.asked[0].lower()
    assert f"host: {NAME}:{web.port}\r\n" in head
    assert "accept-encoding: identity" in head
    assert "cookie" not in head


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0177.0.0.1", "127.1", "0x7f.1", "localhost", "[::1]",
                                  "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]"])  # fmt: skip
async def test_no_way_of_writing_it_leads_inside(web: WebServer, host: str) -> None:
    """Decimal, octal, shortened, mapped, translated: the system's own resolver reads it, and it is the loopback."""
    web.say("/", b"secret")
    limits = FetchLimits(bytes_max=10, ports=frozenset({web.port}))
    with pytest.raises(MunimentError) as error:
        await fetch(HttpFetcher(limits, resolve=resolve), f"http://{host}:{web.port}/")
    # A resolver may also know no such form, which is as good.
    assert error.value.code in {ErrorCode.URL_FORBIDDEN, ErrorCode.FETCH_FAILED}
    assert web.asked == []


async def test_one_private_address_among_public_ones_is_enough(web: WebServer) -> None:
    """It is not for chance to decide which of them is connected to."""
    by = fetcher(web, ["8.8.8.8", "10.0.0.1"])
    await fails(by, f"http://{NAME}:{web.port}/", ErrorCode.URL_FORBIDDEN)


async def test_a_redirect_is_checked_like_the_address_itself(web: WebServer) -> None:
    """To the inside, to another port, to no address, by name or by number."""
    by = fetcher(web)
    other = "169.254.169.254"
    for path, location, code in (
        ("/inside", f"http://{other}:{web.port}/latest/meta-data", ErrorCode.URL_FORBIDDEN),
        ("/port", f"http://{NAME}:22/", ErrorCode.URL_FORBIDDEN),
        ("/scheme", "file:///etc/passwd", ErrorCode.URL_REFUSED),
        ("/user", f"http://a:b@{NAME}/", ErrorCode.URL_REFUSED),
    ):
        web.say(path, status="302 Found", Location=location)
        by = HttpFetcher(by._limits, resolve=Named({NAME: ["127.0.0.1"], other: [other]}))
        await fails(by, f"http://{NAME}:{web.port}{path}", code)
    assert len(web.asked) == 4


class Named:
    """A resolver that knows these names."""

    def __init__(self, known: dict[str, Sequence[str]]) -> None:
        self._known = known

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        del port
        return self._known[host]


async def test_a_name_that_changes_its_address_gains_nothing(web: WebServer) -> None:
    """Rebinding: what was checked is connected to; asked again for the redirect, the new address is checked."""
    web.say("/", b"inside")
    names = Names(["8.8.8.8"], ["127.0.0.1"])
    limits = FetchLimits(bytes_max=100, silence_s=0.2, total_s=2, ports=frozenset({web.port}))
    # The first answer is public (and silent here); the second never gets the chance.
    await fails(HttpFetcher(limits, resolve=names), f"http://{NAME}:{web.port}/", ErrorCode.FETCH_FAILED)
    assert names.asked == [NAME]
    assert web.asked == []
    web.say("/hop", status="302 Found", Location="/")
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    by = HttpFetcher(FetchLimits(bytes_max=100, ports=frozenset({web.port}), allowed=HERE), resolve=names)
    await fails(by, f"http://{NAME}:{web.port}/hop", ErrorCode.URL_FORBIDDEN)
    assert len(web.asked) == 1


async def test_redirects_are_followed_five_times(web: WebServer) -> None:
    """The sixth, and so a loop, is refused."""
    for n in range(1, 7):
        web.say(f"/{n}", status="307 Temporary Redirect", Location=f"/{n - 1}")
    web.say("/0", b"there")
    found, content = await fetch(fetcher(web), f"http://{NAME}:{web.port}/5")
    assert (content, found.address.target) == (b"there", "/0")
    await fails(fetcher(web), f"http://{NAME}:{web.port}/6", ErrorCode.URL_REFUSED)
    web.say("/loop", status="301 Moved Permanently", Location="/loop")
    before = len(web.asked)
    await fails(fetcher(web), f"http://{NAME}:{web.port}/loop", ErrorCode.URL_REFUSED)
    assert len(web.asked) - before == 6


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("401 Unauthorized", ErrorCode.URL_REFUSED),
        ("404 Not Found", ErrorCode.URL_REFUSED),
        ("410 Gone", ErrorCode.URL_REFUSED),
        ("304 Not Modified", ErrorCode.URL_REFUSED),
        ("206 Partial Content", ErrorCode.URL_REFUSED),
        ("204 No Content", ErrorCode.EMPTY_DOCUMENT),
        ("408 Request Timeout", ErrorCode.FETCH_FAILED),
        ("500 Internal Server Error", ErrorCode.FETCH_FAILED),
    ],
)
async def test_what_an_answer_means(web: WebServer, status: str, code: ErrorCode) -> None:
    """The fault of the address is final; what may pass is tried again."""
    web.say("/", status=status)
    await fails(fetcher(web), f"http://{NAME}:{web.port}/", code)


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
async def test_a_server_says_when_to_come_again(web: WebServer, status: str) -> None:
    """In seconds here; the failure carries them."""
    web.say("/", status=status, Retry_After="17")
    error = await fails(fetcher(web), f"http://{NAME}:{web.port}/", ErrorCode.FETCH_FAILED)
    assert isinstance(error, StepFailure)
    assert error.retry_after_s == 17


async def test_size_is_bounded_whatever_is_said(web: WebServer) -> None:
    """Said to be too large: not even read. Endless, or larger than it says: until the limit, no further."""
    web.pages["/said"] = b"HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n"
    await fails(fetcher(web), f"http://{NAME}:{web.port}/said", ErrorCode.TOO_LARGE)
    sent = 0

    async def endless(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
            sent += 4096
            await writer.drain()

    web.pages["/endless"] = endless
    await fails(fetcher(web), f"http://{NAME}:{web.port}/endless", ErrorCode.TOO_LARGE)
    assert sent < 20_000_000
    web.say("/exact", b"x" * 100_000)
    assert len((await fetch(fetcher(web), f"http://{NAME}:{web.port}/exact"))[1]) == 100_000


async def test_time_is_bounded(web: WebServer) -> None:
    """A server that is silent, and one that says a little now and then, before or within its answer."""

    async def silent(writer: asyncio.StreamWriter) -> None:
        del writer
        await asyncio.sleep(3600)

    async def slow(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    async def slow_head(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X-A: b\r\n")
            await writer.drain()
            await asyncio.sleep(0.05)

    for path, page in (("/silent", silent), ("/slow", slow), ("/head", slow_head)):
        web.pages[path] = page
        by = fetcher(web, total_s=0.6, silence_s=0.3)
        async with asyncio.timeout(60):
            await fails(by, f"http://{NAME}:{web.port}{path}", ErrorCode.FETCH_FAILED)


async def test_time_that_we_take_ourselves_is_not_the_servers(web: WebServer) -> None:
    """Storing that stalls between two pieces and after the last, for longer than servers may take, fails nothing."""
    body = bytes(90_000)
    web.say("/", body)
    seen = b""
    async with fetcher(web, total_s=0.5, silence_s=0.5).open(parse(f"http://{NAME}:{web.port}/")) as found:
        async for piece in found.pieces:
            if not seen:
                await asyncio.sleep(0.7)
            seen += piece
        await asyncio.sleep(0.7)
    assert seen == body


async def test_a_body_that_is_not_whole_is_none(web: WebServer) -> None:
    """It broke off before its length, or says nothing at all, or is not what HTTP is."""
    web.pages["/short"] = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"
    web.pages["/chunks"] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"
    web.pages["/none"] = b""
    web.pages["/noise"] = b"SSH-2.0-OpenSSH\r\n\r\n"
    for path in ("/short", "/chunks", "/none", "/noise"):
        await fails(fetcher(web), f"http://{NAME}:{web.port}{path}", ErrorCode.FETCH_FAILED)
    web.say("/empty")
    await fails(fetcher(web), f"http://{NAME}:{web.port}/empty", ErrorCode.EMPTY_DOCUMENT)


async def test_what_was_compressed_unasked_is_bounded_too(web: WebServer) -> None:
    """A bomb stops at the limit; what ends early, or is something else, is no content; other encodings are refused."""
    bomb = gzip.compress(bytes(50_000_000))
    web.say("/bomb", bomb, Content_Encoding="gzip")
    await fails(fetcher(web), f"http://{NAME}:{web.port}/bomb", ErrorCode.TOO_LARGE)
    web.say("/gzip", gzip.compress(b"abc" * 1000), Content_Encoding="gzip")
    web.say("/zlib", zlib.compress(b"abc" * 1000), Content_Encoding="deflate")
    for path in ("/gzip", "/zlib"):
        assert (await fetch(fetcher(web), f"http://{NAME}:{web.port}{path}"))[1] == b"abc" * 1000
    web.say("/cut", gzip.compress(b"abc" * 1000)[:-9], Content_Encoding="gzip")
    web.say("/not", b"plain", Content_Encoding="gzip")
    for path in ("/cut", "/not"):
        await fails(fetcher(web), f"http://{NAME}:{web.port}{path}", ErrorCode.FETCH_FAILED)
    web.say("/br", b"x", Content_Encoding="br")
    await fails(fetcher(web), f"http://{NAME}:{web.port}/br", ErrorCode.URL_REFUSED)


async def test_every_part_of_a_compressed_body_counts(web: WebServer) -> None:
    """Several members are one body and one size; parts that hold nothing have an end; what else follows is no body."""
    one, two = gzip.compress(b"one, "), gzip.compress(b"two")
    web.say("/parts", one + gzip.compress(b"") + two, Content_Encoding="gzip")
    assert (await fetch(fetcher(web), f"http://{NAME}:{web.port}/parts"))[1] == b"one, two"
    web.say("/noise", one + b"two", Content_Encoding="gzip")
    web.say("/cut", one + two[:-3], Content_Encoding="gzip")
    web.say("/zlib", zlib.compress(b"one") + b"two", Content_Encoding="deflate")
    for path in ("/noise", "/cut", "/zlib"):
        await fails(fetcher(web), f"http://{NAME}:{web.port}{path}", ErrorCode.FETCH_FAILED)
    web.say("/bomb", one + gzip.compress(bytes(60_000)) * 2, Content_Encoding="gzip")
    await fails(fetcher(web), f"http://{NAME}:{web.port}/bomb", ErrorCode.TOO_LARGE)
    sent = 0

    async def endless(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + one)
        while True:
            writer.write(gzip.compress(b"") * 1000)
            sent += 20_000
            await writer.drain()

    web.pages["/endless"] = endless
    await fails(fetcher(web), f"http://{NAME}:{web.port}/endless", ErrorCode.TOO_LARGE)
    assert sent < 20_000_000


async def test_a_certificate_has_to_be_that_of_the_name(tmp_path: Path) -> None:
    """Not of the address: the name goes with the connection. A strange one, or a way back to http, is refused."""
    server, trust = certified(NAME, tmp_path)
    async with web_server(server) as web:
        limits = FetchLimits(bytes_max=100, ports=frozenset({web.port}), allowed=HERE, silence_s=30, total_s=60)
        by = HttpFetcher(limits, resolve=Names(), trust=trust)
        web.say("/", b"sealed")
        assert (await fetch(by, f"https://{NAME}:{web.port}/"))[1] == b"sealed"
        await fails(by, f"https://other.test:{web.port}/", ErrorCode.URL_REFUSED)
        await fails(HttpFetcher(limits, resolve=Names()), f"https://{NAME}:{web.port}/", ErrorCode.URL_REFUSED)
        web.say("/down", status="302 Found", Location=f"http://{NAME}:{web.port}/")
        await fails(by, f"https://{NAME}:{web.port}/down", ErrorCode.URL_REFUSED)


async def test_a_host_that_is_not_there_may_come_back(web: WebServer) -> None:
    """No such name, or nobody listening: tried again later. Of several addresses one that answers is enough."""
    limits = FetchLimits(bytes_max=100, ports=frozenset({web.port}))
    await fails(HttpFetcher(limits), f"http://no-such-name.invalid:{web.port}/", ErrorCode.FETCH_FAILED)
    web.say("/", b"there")
    allowed = (ip_network("127.0.0.0/8"),)
    by = fetcher(web, ["127.0.0.9", "127.0.0.1"], allowed=allowed)
    assert (await fetch(by, f"http://{NAME}:{web.port}/"))[1] == b"there"
    await fails(fetcher(web, ["127.0.0.9"], allowed=allowed), f"http://{NAME}:{web.port}/", ErrorCode.FETCH_FAILED)


async def test_ports_are_those_that_are_allowed(web: WebServer) -> None:
    """The usual two, unless told otherwise."""
    by = HttpFetcher(FetchLimits(bytes_max=10, allowed=HERE), resolve=Names())
    await fails(by, f"http://{NAME}:{web.port}/", ErrorCode.URL_FORBIDDEN)
    assert web.asked == []
