"""The way of a document, for the graph: upload, version, extracted text, batches, passages."""

from collections.abc import Sequence
from uuid import UUID

from muniment.api.answers import Version
from muniment.api.console.audit.lineage.graph import Node
from muniment.api.console.audit.lineage.relations import Asking, Relation
from muniment.api.console.page import ROOT
from muniment.projections.chunks.lineage import BatchRow, ChunkRow
from muniment.projections.history.queries import Happened
from muniment.schemas.record import Position

LINEAGE = f"{ROOT}/audit/lineage"
_UPLOADS = frozenset({"SubmitDocument", "SubmitUrl"})
_PAGES = 10
_EACH = 200


async def version_and_told(
    asking: Asking, document_id: UUID, number: int
) -> tuple[UUID, Version, Sequence[Happened]] | None:
    """A version by its number, also of a document that was deleted, and what the log says of its job."""
    key = (document_id, number)
    if key not in asking.known:
        found = await asking.deps.reads.versions(asking.who.tenant, document_id)
        version = next((one for one in found if one.version == number), None)
        asking.known[key] = (document_id, version, await _happened(asking, version.job_id)) if version else None
    known: tuple[UUID, Version, Sequence[Happened]] | None = asking.known[key]
    return known


async def _happened(asking: Asking, job_id: UUID | None) -> Sequence[Happened]:
    """What the log says of a job, at most its first 2,000 events."""
    rows: list[Happened] = []
    cursor = None
    for _ in range(_PAGES):
        if job_id is None:
            break
        page = await asking.deps.reads.job_history(asking.who.tenant, job_id, limit=_EACH, cursor=cursor)
        rows += page.rows
        cursor = page.cursor
        if cursor is None:
            break
    return rows


async def batches_of(asking: Asking, document_id: UUID, version: int) -> Sequence[BatchRow]:
    """The batches of a version."""
    overview, key = asking.deps.overview, ("batches", document_id, version)
    if key not in asking.known:
        asking.known[key] = await overview.batches(asking.who.tenant, document_id, version) if overview else []
    known: Sequence[BatchRow] = asking.known[key]
    return known


def upload_node(document_id: UUID, version: Version, told: Sequence[Happened]) -> Node:
    """The upload of a version: who sent it, and when."""
    first = next((row.entry for row in told if row.entry.event in _UPLOADS), None)
    return Node(
        "upload",
        (document_id, version.version),
        version.file_name or version.title or str(document_id)[:8],
        {"who": first.actor if first else ""},
        first.at if first else version.submitted_at,
        f"{ROOT}/audit/documents/{document_id}",
        _place(first.place) if first else "",
    )


def version_node(document_id: UUID, version: Version) -> Node:
    """A version of a document."""
    return Node(
        "version",
        (document_id, version.version),
        version.title or version.file_name or str(document_id)[:8],
        {"number": str(version.version)},
        version.submitted_at,
        f"{LINEAGE}/{document_id}?version={version.version}",
    )


def extraction_node(document_id: UUID, version: Version, told: Sequence[Happened]) -> Node | None:
    """The text that was read from a version; `None` as long as none was."""
    said = next((row.entry for row in told if row.entry.event == "DocumentExtracted"), None)
    if said is None and version.characters is None:
        return None
    facts = {"characters": f"{version.characters:,}" if version.characters is not None else ""}
    if version.pages:
        facts["pages"] = f"{version.pages:,}"
    at, place = (said.at, _place(said.place)) if said else (None, "")
    return Node("extraction", (document_id, version.version), version.media_type or "", facts, at, "", place)


def batch_node(document_id: UUID, version: int, batch: BatchRow, told: Sequence[Happened]) -> Node:
    """A batch of passages. The log says of batches in their order, each once."""
    said = [row.entry for row in told if row.entry.event == "ChunksPrepared"]
    entry = said[batch.batch] if batch.batch < len(said) else None
    ordinals = f"{batch.first + 1}–{batch.last + 1}" if batch.last > batch.first else f"{batch.first + 1}"
    return Node(
        "batch",
        (document_id, version, batch.batch),
        f"{batch.batch + 1}",
        {"passages": ordinals},
        entry.at if entry else None,
        f"{LINEAGE}/{document_id}?version={version}&batch={batch.batch}",
        _place(entry.place) if entry else "",
    )


def chunk_node(document_id: UUID, version: int, chunk: ChunkRow) -> Node:
    """A passage, as search finds it."""
    facts = {"characters_from": f"{chunk.start:,}–{chunk.end:,}"}
    if chunk.page:
        facts["page"] = str(chunk.page)
    return Node(
        "chunk",
        (document_id, version, chunk.ordinal),
        f"{chunk.ordinal + 1}",
        facts,
        None,
        f"{LINEAGE}/{document_id}?version={version}&passage={chunk.ordinal}",
        "",
        chunk.text,
    )


def _place(place: str) -> str:
    return str(Position.parse(place))


def _of(node: Node) -> tuple[UUID, int]:
    document_id, version = node.ref[:2]
    assert isinstance(document_id, UUID)
    assert isinstance(version, int)
    return document_id, version


async def _upload(asking: Asking, node: Node) -> list[Node]:
    found = await version_and_told(asking, *_of(node))
    return [upload_node(*found)] if found else []


async def _version(asking: Asking, node: Node) -> list[Node]:
    found = await version_and_told(asking, *_of(node))
    return [version_node(*found[:2])] if found else []


async def _extraction(asking: Asking, node: Node) -> list[Node]:
    found = await version_and_told(asking, *_of(node))
    made = extraction_node(*found) if found else None
    return [made] if made else []


async def _batches(asking: Asking, node: Node) -> list[Node]:
    found = await version_and_told(asking, *_of(node))
    told = found[2] if found else ()
    return [batch_node(*_of(node), batch, told) for batch in await batches_of(asking, *_of(node))]


async def _batch_with(asking: Asking, node: Node) -> list[Node]:
    """The batch that a passage was cut in."""
    ordinal = node.ref[2]
    assert isinstance(ordinal, int)
    found = await version_and_told(asking, *_of(node))
    batches = await batches_of(asking, *_of(node))
    return [
        batch_node(*_of(node), one, found[2] if found else ()) for one in batches if one.first <= ordinal <= one.last
    ]


async def _passages(asking: Asking, node: Node) -> list[Node]:
    """The passages of a batch."""
    batch = next((one for one in await batches_of(asking, *_of(node)) if one.batch == node.ref[2]), None)
    if batch is None or asking.deps.overview is None:
        return []
    found = await asking.deps.overview.chunks(asking.who.tenant, *_of(node), (batch.first, batch.last))
    return [chunk_node(*_of(node), chunk) for chunk in found]


OF_DOCUMENTS = (
    Relation("upload", "version", _upload, _version),
    Relation("version", "extraction", _version, _extraction),
    Relation("extraction", "batch", _extraction, _batches),
    Relation("batch", "chunk", _batch_with, _passages),
)
