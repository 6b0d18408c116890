"""The documents read model."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import ClassVar
from uuid import UUID

from muniment.projections.changed import changed
from muniment.projections.documents.evolve import evolve, fail
from muniment.projections.documents.state import Document, Failure
from muniment.projections.documents.store import Key, load, load_past, save, save_past
from muniment.projections.documents.timeline import Change, Past, followed, kept, placed
from muniment.projections.past_rows import ranges
from muniment.projections.projection import Connection, Item, Projection
from muniment.projections.rows import storable
from muniment.projections.validity import Moment
from muniment.schemas.codec import Envelope
from muniment.schemas.documents import (
    DocumentChunked,
    DocumentDeleted,
    DocumentErased,
    DocumentExtracted,
    DocumentIndexed,
    DocumentRefused,
    DocumentSubmitted,
    JobCancelled,
)
from muniment.schemas.record import Record
from muniment.schemas.retry_headers import retry_state
from muniment.schemas.topics import BESIDE, DLQ, DOCUMENTS


class Documents(Projection):
    """Documents and versions, from their facts and from the dead letters of their jobs."""

    name = "documents"
    version = 2
    topics = (DOCUMENTS, DLQ)
    raw_topics = frozenset({DLQ.name})
    handles = (
        DocumentSubmitted,
        DocumentExtracted,
        DocumentChunked,
        DocumentRefused,
        DocumentIndexed,
        DocumentDeleted,
        DocumentErased,
        JobCancelled,
    )
    unopened = (DocumentDeleted,)
    tables = ("documents", "versions", "failures", "past_documents", "past_versions")
    by_document = True
    answered_from = True
    views: ClassVar = {
        "documents": "select * from {schema}.documents where latest_version > 0",
        "versions": "select * from {schema}.versions",
        "document_ranges": ranges("documents", "latest_version > 0"),
        "version_ranges": ranges("versions"),
    }

    async def apply(self, connection: Connection, schema: str, batch: Sequence[Item]) -> object:
        """See `Projection.apply`."""
        facts: dict[Key, list[Envelope | Failure]] = {}
        for item in batch:
            if fact := _fact(item):
                facts.setdefault(fact[0], []).append(fact[1])
        if not facts:
            return None
        said = [fact for many in facts.values() for fact in many]
        numbers = [v for i in said if isinstance(i, Envelope) and (v := getattr(i.event, "version", 0))]
        jobs = [i.job_id for i in said if isinstance(i, Failure)]
        whole = [key for key, many in facts.items() if any(map(_touches_all, many))]
        before = await load(connection, schema, facts, versions=numbers, jobs=jobs, whole=whole)
        after, past, instead = dict[Key, Document](), list[Past](), list[Key]()
        for key, many in facts.items():
            document, changes = _ordered(before[key], many)
            if document.failures or any(isinstance(fact, Failure) for fact in many):
                known = await load_past(connection, schema, key)
                after[key], ended = placed(document, known, changes)
                instead.append(key)
            else:
                after[key], ended = followed(document, changes)
                if document.head.erased_at != before[key].head.erased_at:
                    instead.append(key)
            past += kept(document, ended)
        await save(connection, schema, before, after)
        await save_past(connection, schema, past, instead)
        return None


def _touches_all(fact: Envelope | Failure) -> bool:
    return isinstance(fact, Failure) or isinstance(fact.event, DocumentDeleted | DocumentErased)


def _ordered(document: Document, facts: Sequence[Envelope | Failure]) -> tuple[Document, list[tuple[Moment, Change]]]:
    """What each fact does, and when; the facts of the document's own partition one after the other."""
    latest, erased, changes = document.head.ordered_at, document.head.erased_at, list[tuple[Moment, Change]]()
    version = document.head.latest_version
    for fact in facts:
        if isinstance(fact, Failure):
            changes.append((Moment(fact.failed_at, fact.place), partial(_failed, fact)))
            continue
        moment = Moment.of(fact.record, fact.meta.time).not_before(latest)
        latest = moment.at
        said = getattr(fact.event, "version", 0)
        # An erasure covers all that was submitted before it; one of an earlier version is a repeat, and clocks tell
        # nothing: who erases may be behind those who have submitted.
        if isinstance(fact.event, DocumentErased) and (erased is None or said >= version):
            erased = latest
        version = max(version, said)
        changes.append((moment, partial(_told, fact)))
    return changed(document, head=changed(document.head, ordered_at=latest, erased_at=erased)), changes


def _told(fact: Envelope, document: Document) -> Document:
    return evolve(document, fact.event, fact.meta.time)


def _failed(failure: Failure, document: Document) -> Document:
    return fail(document, failure)


def _fact(item: Item) -> tuple[Key, Envelope | Failure] | None:
    if isinstance(item, Envelope):
        return (item.meta.tenant, item.document_id), item
    failure = failure_of(item)
    return ((failure.tenant, failure.document_id), failure) if failure else None


def failure_of(record: Record) -> Failure | None:
    """What a dead letter says of its job; `None` for one whose headers tell of none."""
    state, tenant = retry_state(record), record.header("tenant")
    try:
        job_id, document_id = UUID(record.header("correlation_id") or ""), UUID(record.key.decode())
    except ValueError:
        # A record that was undecodable from the start belongs to no job; the dead letters show it all the same.
        return None
    if state is None or not tenant or state.step in BESIDE:
        return None
    failed_at = datetime.fromtimestamp((record.timestamp_ms or 0) / 1000, UTC)
    place = Moment.of(record, failed_at).place
    return Failure(tenant, document_id, job_id, state.code.value, storable(state.error), failed_at, place)
