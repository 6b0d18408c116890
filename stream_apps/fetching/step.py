"""Fetches the content behind an address into the blob store; what it is, extracting finds out as for any file."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from muniment.producers.blobs import Blob
from muniment.producers.claims import Claims
from muniment.schemas.breakers import FETCHING
from muniment.schemas.codec import Envelope
from muniment.schemas.documents import CommandRejected, DocumentFetched, DocumentRequested
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import Refused, StepFailure
from muniment.schemas.event import Event
from muniment.schemas.jobs import StepProgressed
from muniment.schemas.personal import Redaction
from muniment.schemas.record import Record
from muniment.schemas.web_address import parse
from muniment.stream_apps.fetching.port import Fetcher, Found
from muniment.stream_apps.unordered_step import UnorderedStep

PROGRESS_S = 1.0
SETTLING_S = 60.0
"""How long storing may keep the step waiting, beside the server: the fetch itself ends in its own time."""


@dataclass(slots=True)
class _Seen:
    """How far a fetch is."""

    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class _Fetched:
    """What a fetch has brought."""

    found: Found
    blob: Blob


class Fetching(UnorderedStep):
    """See `Step`. `limit_s` is how long servers keep a fetch waiting at most.

    A slow server holds up nobody: the decider takes what is fetched in the order of the commands.
    """

    name = "fetching"
    reads: tuple[type[Event], ...] = (DocumentRequested,)
    # A host that is away is nobody's but its own addresses': those of others are not to wait with them.
    breakers_apart = frozenset({FETCHING})
    # A server may take its time, and one tenant may know a thousand of them.
    shared = True
    # A fetch ends by itself when a server is slow: what takes longer than that is our own store.
    late = ErrorCode.BLOB_UNAVAILABLE

    def __init__(self, fetcher: Fetcher, claims: Claims, *, limit_s: float) -> None:
        self._fetcher = fetcher
        self._claims = claims
        self.timeout_s = limit_s + SETTLING_S

    async def run(self, envelope: Envelope) -> AsyncIterator[Event | Record]:
        """See `Step.run`."""
        event, tenant = envelope.event, envelope.meta.tenant
        assert isinstance(event, DocumentRequested)
        seen = _Seen()
        # A task of its own: its time is not to run out while the host does something with what is yielded here.
        task = asyncio.create_task(self._fetched(event, tenant, seen))
        try:
            told = 0
            while not (await asyncio.wait({task}, timeout=PROGRESS_S))[0]:
                if seen.done != told:
                    told = seen.done
                    yield _progressed(event, seen)
            yield _result(event, task)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _fetched(self, event: DocumentRequested, tenant: str, seen: _Seen) -> _Fetched:
        if isinstance(event.url, Redaction) or isinstance(event.metadata, Redaction):
            raise StepFailure(ErrorCode.KEY_DESTROYED, "the document was erased before it was fetched")
        try:
            address = parse(event.url)
        except ValueError as error:
            raise Refused(ErrorCode.URL_REFUSED, str(error)) from None
        async with self._fetcher.open(address) as found:
            seen.total = found.size_bytes or 0
            pieces = _counted(found.pieces, seen)
            blob = await self._claims.put(tenant, event.document_id, event.job_id, "original", pieces)
        return _Fetched(found, blob)


async def _counted(pieces: AsyncIterator[bytes], seen: _Seen) -> AsyncIterator[bytes]:
    async for piece in pieces:
        seen.done += len(piece)
        yield piece


def _result(event: DocumentRequested, task: "asyncio.Task[_Fetched]") -> Event:
    try:
        fetched = task.result()
    except Refused as error:
        # There is no version yet to refuse: it is the command that comes to nothing.
        return CommandRejected(
            document_id=event.document_id,
            job_id=event.job_id,
            command="SubmitUrl",
            code=error.code.value,
            reason=error.detail,
        )
    return DocumentFetched(
        document_id=event.document_id,
        job_id=event.job_id,
        url=str(fetched.found.address),
        file_name=fetched.found.file_name,
        title=event.title,
        metadata=event.metadata,
        blob=fetched.blob.ref,
        size_bytes=fetched.blob.size,
        lane=event.lane,
    )


def _progressed(event: DocumentRequested, seen: _Seen) -> StepProgressed:
    return StepProgressed(
        document_id=event.document_id,
        job_id=event.job_id,
        version=0,
        step="fetching",
        done=seen.done,
        total=max(seen.done, seen.total),
        unit="bytes",
    )
