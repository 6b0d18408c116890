"""Checks the citations of a text that a person wrote: against the passages that its first draft was written from."""

from collections.abc import AsyncIterator
from typing import Protocol

from muniment.producers.record_at import Records
from muniment.producers.writing.citations import checked
from muniment.schemas.codec import Envelope
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.event import Event
from muniment.schemas.metrics import CITATIONS
from muniment.schemas.personal import Redaction
from muniment.schemas.record import Position, Record
from muniment.schemas.scripts import CitationsChecked, DraftPrompted, DraftRevised
from muniment.stream_apps.generating.prompting import texts
from muniment.stream_apps.generating.store import GeneratingStore


class Decodes(Protocol):
    """What is needed of `producers.log_codec.LogCodec`."""

    async def decode(self, record: Record) -> Envelope:
        """The event in a record."""
        ...


class Checking:
    """Looks up the prompt that the marks of a text refer to, through all that the text was made from."""

    def __init__(self, store: GeneratingStore, records: Records, codec: Decodes) -> None:
        self._store = store
        self._records = records
        self._codec = codec

    async def checked(self, envelope: Envelope, event: DraftRevised) -> AsyncIterator[Event]:
        """`CitationsChecked` of a text; nothing when the text, or what it goes back to, can be read no more.

        Raises:
            StepFailure: `unexpected` when what it was made from has not come by yet; `log_unavailable`,
                `database_unavailable`.

        """
        tenant = envelope.meta.tenant
        place = (await self._store.known(tenant, event.based_on)).prompted
        if place is None:
            raise StepFailure(ErrorCode.UNEXPECTED, "the draft that this one was made from is not known yet")
        await self._store.prompted(tenant, event.draft_id, place)
        asked = await self._prompt(place)
        if isinstance(event.text, Redaction) or asked is None or isinstance(asked.prompt, Redaction):
            return
        passages = {passage.number: passage for passage in asked.passages}
        citations = checked(event.text, passages, texts(asked.prompt))
        for one in citations:
            CITATIONS.labels("yes" if one.holds else "no").inc()
        yield CitationsChecked(
            project_id=event.project_id,
            episode_id=event.episode_id,
            draft_id=event.draft_id,
            job_id=event.job_id,
            citations=citations,
        )

    async def _prompt(self, place: Position) -> DraftPrompted | None:
        record = await self._records.at(place)
        event = (await self._codec.decode(record)).event if record else None
        return event if isinstance(event, DraftPrompted) else None
