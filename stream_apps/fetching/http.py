"""The fetcher on HTTP/1.1: each connection goes to the very address that was checked, under the name asked for.

The name is resolved here, so it cannot change between the check and the connection; `Host` header and TLS (SNI and
certificate) keep the name. A redirect is checked like the address itself, and its host has a door of its own.
"""

import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus

import httpx2

from muniment.producers.embedding.retry_after import retry_after_s
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import Refused, StepFailure
from muniment.schemas.web_address import PORTS, WebAddress, redirected
from muniment.stream_apps.fetching.inflating import inflated
from muniment.stream_apps.fetching.naming import name_of
from muniment.stream_apps.fetching.patience import Patience
from muniment.stream_apps.fetching.port import Door, Found, open_door
from muniment.stream_apps.fetching.public import Network, is_public
from muniment.stream_apps.fetching.resolving import Resolve, resolve

REDIRECTS = frozenset({301, 302, 303, 307, 308})
LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
MOST_REDIRECTS = 5
FRAME_BYTES = 64 * 1024
"""What a compressed body may have in headers and ends of its own, beside a sixty-fourth of what it holds."""


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """What a fetch may cost.

    Attributes:
        bytes_max: Largest content, decompressed.
        total_s: How long others may keep it waiting, redirects included; storing what comes does not count.
        silence_s: The longest that a server may be silent, and that connecting may take.
        ports: Ports that are connected to.
        allowed: Networks that are connected to although they are not public.

    """

    bytes_max: int
    total_s: float = 60.0
    silence_s: float = 10.0
    ports: frozenset[int] = frozenset(PORTS.values())
    allowed: tuple[Network, ...] = field(default=())


class HttpFetcher:
    """See `Fetcher`. `trust` says whose certificates are believed; the system's when it is not given."""

    def __init__(
        self,
        limits: FetchLimits,
        *,
        door: Door = open_door,
        resolve: Resolve = resolve,
        trust: ssl.SSLContext | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._limits = limits
        self._door = door
        self._resolve = resolve
        # Made once: reading all certificates of the system takes its time.
        self._trust = trust or ssl.create_default_context()
        self._now = now

    @asynccontextmanager
    async def open(self, address: WebAddress) -> AsyncIterator[Found]:
        """See `Fetcher.open`."""
        patience = Patience(self._limits.total_s, self._limits.silence_s)
        with patience.blaming_nobody():
            end, answer, host = await self._followed(address, patience)
        pieces = self._pieces(answer, patience, host)
        try:
            disposition = answer.headers.get("content-disposition")
            yield Found(end, name_of(end, disposition), self._length(answer), pieces)
        finally:
            await pieces.aclose()
            await host.aclose()

    async def _followed(
        self, address: WebAddress, patience: Patience
    ) -> tuple[WebAddress, httpx2.Response, AsyncExitStack]:
        """The address at the end, its answer, and what holds its host's connection open and its door."""
        for _ in range(MOST_REDIRECTS + 1):
            async with AsyncExitStack() as host:
                answer = await self._asked(address, patience, host)
                location = answer.headers.get("location")
                if answer.status_code not in REDIRECTS or not location:
                    self._refuse(answer)
                    return address, answer, host.pop_all()
            try:
                address = redirected(address, location)
            except ValueError as error:
                raise Refused(ErrorCode.URL_REFUSED, f"a redirect cannot be followed: {error}") from None
        raise Refused(ErrorCode.URL_REFUSED, f"more than {MOST_REDIRECTS} redirects")

    async def _asked(self, address: WebAddress, patience: Patience, host: AsyncExitStack) -> httpx2.Response:
        """The beginning of the answer, from the first of the host's addresses that can be connected to."""
        if address.port not in self._limits.ports:
            raise Refused(ErrorCode.URL_FORBIDDEN, f"port {address.port} is not connected to")
        await host.enter_async_context(self._door(address))
        host.enter_context(patience.blaming())
        async with patience.waiting():
            found = await self._resolve(address.host, address.port)
        if not found or not all(is_public(one, self._limits.allowed) for one in found):
            # One that leads to the public and to the inside is up to no good.
            raise Refused(ErrorCode.URL_FORBIDDEN, "the host's address is not a public one")
        failure = StepFailure(ErrorCode.FETCH_FAILED, "the host has no address")
        for one in found:
            try:
                with _told():
                    async with patience.waiting():
                        return await host.enter_async_context(self._connected(address, one))
            except StepFailure as error:
                if not isinstance(error.__cause__, httpx2.ConnectError | httpx2.ConnectTimeout):
                    raise
                failure = error
        raise failure

    @asynccontextmanager
    async def _connected(self, address: WebAddress, literal: str) -> AsyncIterator[httpx2.Response]:
        limits = httpx2.Timeout(self._limits.silence_s)
        # No proxy, no cookies, no connection that was made for another name.
        transport = httpx2.AsyncHTTPTransport(verify=self._trust, trust_env=False)
        async with httpx2.AsyncClient(transport=transport, timeout=limits, trust_env=False) as client:
            host = f"[{literal}]" if ":" in literal else literal
            request = client.build_request(
                "GET",
                f"{address.scheme}://{host}:{address.port}{address.target}",
                headers={
                    "Host": address.authority,
                    "User-Agent": "muniment",
                    "Accept": "*/*",
                    "Accept-Encoding": "identity",
                },
                extensions={"sni_hostname": address.host},
            )
            answer = await client.send(request, stream=True, follow_redirects=False)
            try:
                yield answer
            finally:
                await answer.aclose()

    def _refuse(self, answer: httpx2.Response) -> None:
        """Raise what an answer means that is not the content."""
        status = answer.status_code
        if status in {HTTPStatus.OK, HTTPStatus.NON_AUTHORITATIVE_INFORMATION}:
            if (self._length(answer) or 0) > self._limits.bytes_max:
                raise self._too_large()
            return
        if status in {HTTPStatus.NO_CONTENT, HTTPStatus.RESET_CONTENT}:
            raise Refused(ErrorCode.EMPTY_DOCUMENT, "there is nothing at the address")
        if status in LATER or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            asked_s = retry_after_s(answer.headers, self._now())
            raise StepFailure(ErrorCode.FETCH_FAILED, f"the server answered {status}", retry_after_s=asked_s)
        raise Refused(ErrorCode.URL_REFUSED, f"the server answered {status}")

    def _length(self, answer: httpx2.Response) -> int | None:
        said = answer.headers.get("content-length", "")
        return int(said) if said.isdecimal() else None

    async def _pieces(
        self, answer: httpx2.Response, patience: Patience, host: AsyncExitStack
    ) -> AsyncGenerator[bytes, None]:
        """The body. The host is left with its last byte, or by how it failed: storing is none of its business."""
        with patience.blaming_nobody():
            async with host:
                async for piece in self._body(answer, patience):
                    yield piece

    async def _body(self, answer: httpx2.Response, patience: Patience) -> AsyncIterator[bytes]:
        seen = 0
        encoding = answer.headers.get("content-encoding", "").strip().lower()
        with _told():
            async for piece in inflated(self._read(answer, patience), encoding):
                seen += len(piece)
                if seen > self._limits.bytes_max:
                    raise self._too_large()
                yield piece
        if not seen:
            raise Refused(ErrorCode.EMPTY_DOCUMENT, "there is nothing at the address")

    async def _read(self, answer: httpx2.Response, patience: Patience) -> AsyncIterator[bytes]:
        """The body as it comes. Compressed it may be a little longer than what it holds, but not endless."""
        pieces, left = answer.aiter_raw(), self._limits.bytes_max + self._limits.bytes_max // 64 + FRAME_BYTES
        while True:
            # Not round the loop: what is done with a piece is no time of the server's.
            async with patience.waiting():
                piece = await anext(pieces, None)
            if piece is None:
                return
            left -= len(piece)
            if left < 0:
                raise self._too_large()
            yield piece

    def _too_large(self) -> Refused:
        return Refused(ErrorCode.TOO_LARGE, f"what lies there exceeds {self._limits.bytes_max} bytes")


@contextmanager
def _told() -> Iterator[None]:
    """What went wrong on the way, as a failure of ours."""
    try:
        yield
    except httpx2.TransportError as error:
        if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error)):
            raise Refused(ErrorCode.URL_REFUSED, "the server's certificate is not valid for it") from error
        raise StepFailure(ErrorCode.FETCH_FAILED, f"the server could not be read: {type(error).__name__}") from error
    except (httpx2.InvalidURL, UnicodeError) as error:
        raise Refused(ErrorCode.URL_REFUSED, "the address cannot be asked for") from error


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
