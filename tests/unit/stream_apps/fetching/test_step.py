"""The step that fetches: what becomes of an address, with a web that does as it is told."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from muniment.producers.blobs import Blob
from muniment.schemas.codec import Envelope
from muniment.schemas.documents import CommandRejected, DocumentFetched, DocumentRequested
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import Refused, StepFailure
from muniment.schemas.event import Event
from muniment.schemas.jobs import StepProgressed
from muniment.schemas.metadata import Metadata
from muniment.schemas.personal import REDACTED
from muniment.schemas.record import Record
from muniment.schemas.web_address import WebAddress, parse
from muniment.stream_apps.fetching import step as module
from muniment.stream_apps.fetching.port import Found
from muniment.stream_apps.fetching.step import Fetching

JOB = uuid4()


class Web:
    """A `Fetcher`: one page, in pieces, perhaps slowly, or an error."""

    def __init__(self, *pieces: bytes, error: Exception | None = None, pause_s: float = 0.0) -> None:
        self._pieces, self._error, self._pause_s = pieces, error, pause_s
        self.opened: list[str] = []
        self.closed = 0

    @asynccontextmanager
    async def open(self, address: WebAddress) -> AsyncIterator[Found]:
        """See `Fetcher.open`."""
        self.opened.append(str(address))
        try:
            yield Found(parse("https://example.org/end"), "end.txt", sum(map(len, self._pieces)), self._read())
        finally:
            self.closed += 1

    async def _read(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            await asyncio.sleep(self._pause_s)
            yield piece
        if self._error:
            raise self._error


class NotedClaims:
    """Claims that keep what was put."""

    def __init__(self) -> None:
        self.put_for: list[tuple[str, UUID, UUID, str, bytes]] = []

    async def put(self, tenant: str, document_id: UUID, job_id: UUID, kind: str, chunks: AsyncIterator[bytes]) -> Blob:
        """See `Claims.put`."""
        content = b"".join([chunk async for chunk in chunks])
        self.put_for.append((tenant, document_id, job_id, kind, content))
        return Blob("sha256:" + hashlib.sha256(content).hexdigest(), len(content))


def requested(url: Any = "https://example.org/start", title: str | None = "A title") -> DocumentRequested:
    """An address is to be fetched."""
    return DocumentRequested(document_id=uuid4(), job_id=JOB, url=url, title=title, metadata={"a": "b"}, lane="bulk")


async def run(web: Web, event: DocumentRequested) -> tuple[list[Event | Record], NotedClaims]:
    """What the step yields, and what it stored."""
    claims: Any = NotedClaims()
    meta = Metadata(JOB, "acme", JOB, JOB, datetime(2026, 1, 1, tzinfo=UTC), "muniment.test")
    envelope = Envelope(event, meta, Record("muniment.documents", b"k", b"", (), 0, 0, 0))
    return [one async for one in Fetching(web, claims, limit_s=9).run(envelope)], claims


async def test_what_lies_there_is_stored_for_the_job() -> None:
    """Claimed like an upload; the event says where the redirects ended and what it is called."""
    event = requested()
    (fetched,), claims = await run(Web(b"ab", b"c"), event)
    assert claims.put_for == [("acme", event.document_id, JOB, "original", b"abc")]
    assert fetched == DocumentFetched(
        document_id=event.document_id, job_id=JOB, url="https://example.org/end", file_name="end.txt",
        title="A title", metadata={"a": "b"}, blob="sha256:" + hashlib.sha256(b"abc").hexdigest(), size_bytes=3,
        lane="bulk",
    )  # fmt: skip


@pytest.mark.parametrize("code", [ErrorCode.URL_FORBIDDEN, ErrorCode.URL_REFUSED, ErrorCode.TOO_LARGE])
async def test_what_will_never_be_had_rejects_the_command(code: ErrorCode) -> None:
    """There is no version that could be refused; nothing is stored, and nothing is left open."""
    web = Web(b"a", error=Refused(code, "because"))
    event = requested()
    (rejected,), claims = await run(web, event)
    assert rejected == CommandRejected(
        document_id=event.document_id, job_id=JOB, command="SubmitUrl", code=code.value, reason="because"
    )
    assert claims.put_for == []
    assert web.closed == 1


async def test_what_may_be_had_later_is_a_failure() -> None:
    """With the time that the server asked for."""
    with pytest.raises(StepFailure) as error:
        await run(Web(error=StepFailure(ErrorCode.FETCH_FAILED, "503", retry_after_s=7)), requested())
    assert (error.value.code, error.value.retry_after_s) == (ErrorCode.FETCH_FAILED, 7)


async def test_an_address_that_is_none_is_not_asked_for() -> None:
    """Whoever put the command on the log; and one that was erased is gone."""
    web = Web(b"a")
    (rejected,), _ = await run(web, requested("ftp://example.org/"))
    assert isinstance(rejected, CommandRejected)
    assert rejected.code == "url_refused"
    with pytest.raises(StepFailure) as error:
        await run(web, requested(REDACTED))
    assert error.value.code is ErrorCode.KEY_DESTROYED
    assert web.opened == []


async def test_a_long_fetch_tells_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """In bytes, of as many as the server says; a job without a version yet."""
    monkeypatch.setattr(module, "PROGRESS_S", 0.02)
    results, _ = await run(Web(b"a" * 10, b"b" * 10, b"c" * 10, pause_s=0.05), requested())
    told = [one for one in results if isinstance(one, StepProgressed)]
    assert [(one.done, one.total, one.unit, one.step) for one in told][:2] == [
        (10, 30, "bytes", "fetching"), (20, 30, "bytes", "fetching"),
    ]  # fmt: skip
    assert isinstance(results[-1], DocumentFetched)


async def test_a_fetch_that_is_given_up_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the job is cancelled or the process stops, in the middle of it."""
    monkeypatch.setattr(module, "PROGRESS_S", 0.01)
    web, claims = Web(b"a", b"b", pause_s=0.05), NotedClaims()
    meta = Metadata(JOB, "acme", JOB, JOB, datetime(2026, 1, 1, tzinfo=UTC), "muniment.test")
    given: Any = claims
    running = Fetching(web, given, limit_s=9).run(Envelope(requested(), meta, Record("t", b"", b"", ())))
    assert isinstance(await anext(running), StepProgressed)
    await running.aclose()  # type: ignore[attr-defined]
    assert (web.closed, claims.put_for) == (1, [])
