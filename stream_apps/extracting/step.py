"""Checks a submitted document, extracts its text, scrubs it of personal data and stores the result as a claim check."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

from muniment.producers.blobs import download, file_pieces
from muniment.producers.claims import Claims
from muniment.producers.own_folder import scratch
from muniment.schemas.codec import Envelope
from muniment.schemas.documents import DocumentExtracted, DocumentSubmitted
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.event import Event
from muniment.schemas.personal import Redaction
from muniment.schemas.record import Record
from muniment.stream_apps.child import LONGEST_WAIT_S, Children, ChildRun
from muniment.stream_apps.extracting.limits import Limits
from muniment.stream_apps.extracting.work import Extracted, Work, work
from muniment.stream_apps.overtaken import Deletions, overtaken
from muniment.stream_apps.progress import progressed
from muniment.stream_apps.scrubbing.kinds import Kind
from muniment.stream_apps.step import Step


class Extracting(Step):
    """See `Step`."""

    name = "extracting"
    reads: tuple[type[Event], ...] = (DocumentSubmitted,)

    def __init__(
        self,
        claims: Claims,
        children: Children,
        deletions: Deletions,
        *,
        folder: Path,
        limits: Limits,
        kinds: frozenset[Kind],
        timeout_s: float,
    ) -> None:
        self._claims = claims
        self._children = children
        self._deletions = deletions
        self._folder = folder
        self._limits = limits
        self._kinds = kinds
        self._limit_s = timeout_s
        # That is for its work in the child, for which it may have to wait behind others.
        self.timeout_s = LONGEST_WAIT_S + timeout_s

    async def run(self, envelope: Envelope) -> AsyncIterator[Event | Record]:
        """See `Step.run`."""
        event, tenant = envelope.event, envelope.meta.tenant
        assert isinstance(event, DocumentSubmitted)
        if isinstance(event.file_name, Redaction) or isinstance(event.title, Redaction):
            raise StepFailure(ErrorCode.KEY_DESTROYED, "the document was erased before it was extracted")
        async with scratch(self._folder, "extracting-") as folder:
            task = Work(
                folder / "source", folder / "text", folder / "progress", event.file_name, self._limits, self._kinds
            )
            try:
                await download(self._claims.blobs, tenant, event.blob, task.source)
            except StepFailure as error:
                if not await overtaken(error, self._deletions, tenant, event.document_id, event.version):
                    raise
                # An attempt before this one may have stored its text after the purge.
                await self._claims.release(tenant, event.document_id, [event.job_id])
                return
            run: ChildRun[Extracted] = ChildRun(
                self._children, work, task, progress=task.progress, limit_s=self._limit_s
            )
            async with aclosing(run.progress()) as states:
                async for state in states:
                    yield progressed(self.name, event, state)
            text = await self._claims.put(tenant, event.document_id, event.job_id, "text", file_pieces(task.target))
        result = run.result
        yield DocumentExtracted(
            document_id=event.document_id,
            version=event.version,
            job_id=event.job_id,
            media_type=result.media_type,
            title=event.title or result.title,
            text_blob=text.ref,
            characters=result.characters,
            pages=result.pages,
            findings=result.findings,
        )
