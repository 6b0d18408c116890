"""What the log says of destroyed keys: read from the beginning, when a key store is restored."""

from datetime import datetime
from uuid import UUID

from muniment.producers.log_spans import log_spans
from muniment.schemas.codec import decode
from muniment.schemas.erasures import KeysDestroyed
from muniment.schemas.errors import MunimentError
from muniment.schemas.record import Record
from muniment.schemas.topics import ERASURES

PATIENCE_S = 60.0


async def destroyed_on_log(bootstrap: str, topic: str = ERASURES.name) -> dict[tuple[str, UUID], datetime]:
    """When the keys of each document were last destroyed; empty where the log has no erasures.

    Raises:
        StepFailure: `log_unavailable`: without the log no key may come back.

    """
    found: dict[tuple[str, UUID], datetime] = {}
    told = "what was erased cannot be read from the log"
    async with log_spans(bootstrap, patience_s=PATIENCE_S, told=told) as log:
        for place, (begin, end) in (await log.extents(await log.partitions([topic]))).items():
            async for records in log.read(place, begin, end):
                for record in records:
                    _note(found, record)
    return found


def _note(found: dict[tuple[str, UUID], datetime], record: Record) -> None:
    try:
        envelope = decode(record, lambda _: None)
    except MunimentError:
        return  # a newer program's event; of keys it says nothing that this one knows
    if isinstance(envelope.event, KeysDestroyed):
        for document in envelope.event.document_ids:
            place = (envelope.meta.tenant, document)
            found[place] = max(found.get(place, envelope.meta.time), envelope.meta.time)
