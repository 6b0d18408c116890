"""The predictions read model."""

from collections.abc import Iterator, Sequence
from dataclasses import astuple
from typing import ClassVar, NamedTuple
from uuid import UUID

from muniment.projections.predictions.folding import composed, folded, lexemes
from muniment.projections.predictions.head import Head, Key
from muniment.projections.projection import Connection, Item, Projection
from muniment.projections.rows import storable
from muniment.projections.sql import statements, within
from muniment.schemas.chunks import ChunksPrepared
from muniment.schemas.codec import Envelope
from muniment.schemas.documents import (
    DocumentDeleted,
    DocumentErased,
    DocumentExtracted,
    DocumentIndexed,
    DocumentSubmitted,
    JobCancelled,
)
from muniment.schemas.personal import Redaction
from muniment.schemas.topics import CHUNKS, DOCUMENTS

_SQL = statements("muniment.projections.predictions", "store.sql")
TITLE, FILE_NAME, HEADING = "t", "f", "h"


class Said(NamedTuple):
    """A phrase of a version; `found` ones give way to a title that was given."""

    kind: str
    text: str
    found: bool = False


class Predictions(Projection):
    """Titles, file names and headings of the versions that search sees, ready to be found while they are typed.

    Phrases of a version are there as soon as they are known, and are shown from `DocumentIndexed` on; headings that
    come in after that (they lie on another topic) are shown as they come.
    """

    name = "predictions"
    topics = (DOCUMENTS, CHUNKS)
    handles = (
        DocumentSubmitted,
        DocumentExtracted,
        ChunksPrepared,
        DocumentIndexed,
        DocumentDeleted,
        DocumentErased,
        JobCancelled,
    )
    unopened = (DocumentDeleted, JobCancelled)
    tables = ("heads", "phrases")
    by_document = True
    answered_from = True
    views: ClassVar = {
        "predicted_phrases": "select p.*, h.indexed_at from {schema}.phrases p join {schema}.heads h"
        " on h.tenant = p.tenant and h.document_id = p.document_id and h.active = p.version",
    }

    async def apply(self, connection: Connection, schema: str, batch: Sequence[Item]) -> object:
        """See `Projection.apply`."""
        envelopes = [item for item in batch if isinstance(item, Envelope)]
        before = await _load(connection, schema, sorted({_key(e) for e in envelopes}))
        heads = dict(before)
        for envelope in envelopes:
            heads[_key(envelope)] = _evolved(heads[_key(envelope)], envelope)
        # Deletions of the whole batch are known by now, so what they take away is not even inserted.
        await _add(connection, schema, [e for e in envelopes if heads[_key(e)].wants(getattr(e.event, "version", 0))])
        for key, head in sorted(heads.items()):
            if head != before[key]:
                tenant, document_id, active, gone, cancelled, at = astuple(head)
                await connection.execute(
                    within(_SQL["drop"], schema), tenant, document_id, active, gone, list(cancelled)
                )
                await connection.execute(
                    within(_SQL["save_head"], schema), tenant, document_id, active, gone, list(cancelled), at
                )
        return None


def said(envelope: Envelope) -> Iterator[Said]:
    """The phrases in an event, as they stand there."""
    event = envelope.event
    if isinstance(event, DocumentSubmitted):
        yield from _given(TITLE, event.title)
        yield from _given(FILE_NAME, event.file_name)
    elif isinstance(event, DocumentExtracted):
        for one in _given(TITLE, event.title):
            yield one._replace(found=True)
    elif isinstance(event, ChunksPrepared) and not isinstance(event.texts, Redaction):
        for heading in dict.fromkeys(text.heading for text in event.texts):
            yield from _given(HEADING, heading)


def _given(kind: str, text: str | Redaction | None) -> Iterator[Said]:
    if text and not isinstance(text, Redaction):
        yield Said(kind, text)


def _evolved(head: Head, envelope: Envelope) -> Head:
    event = envelope.event
    if isinstance(event, DocumentIndexed):
        return head.indexed(event.version, envelope.meta.time)
    if isinstance(event, DocumentDeleted | DocumentErased):
        return head.gone(event.version)
    return head.without(event.version) if isinstance(event, JobCancelled) else head


def _key(envelope: Envelope) -> Key:
    return envelope.meta.tenant, envelope.document_id


async def _load(connection: Connection, schema: str, keys: Sequence[Key]) -> dict[Key, Head]:
    given: tuple[list[str], list[UUID]] = [t for t, _ in keys], [d for _, d in keys]
    rows = await connection.fetch(within(_SQL["lock_heads"], schema), *given)
    if len(rows) < len(keys):
        await connection.execute(within(_SQL["add_heads"], schema), *given)
        rows = await connection.fetch(within(_SQL["lock_heads"], schema), *given)
    return {(r["tenant"], r["document_id"]): Head(**dict(r) | {"cancelled": tuple(r["cancelled"])}) for r in rows}


async def _add(connection: Connection, schema: str, envelopes: Sequence[Envelope]) -> None:
    rows = []
    for envelope in envelopes:
        tenant, version = envelope.meta.tenant, getattr(envelope.event, "version", 0)
        for kind, text, found in said(envelope):
            phrase = composed(storable(text))
            if plain := folded(phrase):
                words = " ".join(lexemes(tenant, phrase))
                rows.append((tenant, envelope.document_id, version, kind, plain, phrase, words, found))
    # One by one in their order: what one inserts, the next may have to give way to.
    given = [row for row in rows if not row[-1]]
    for some in (given, [row for row in rows if row[-1]]):
        if some:
            await connection.execute(within(_SQL["add"], schema), *[list(c) for c in zip(*some, strict=True)])
