"""Which documents an answer names: found by their ids wherever they stand in it. Pure."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from muniment.schemas.audit import MOST_DOCUMENTS, DocumentTouched

MOST_CHUNKS = 200
_VERSIONS = ("version", "active_version", "latest_version")


def touched(answer: Any, of: UUID | None = None) -> list[DocumentTouched]:
    """The documents in an answer's JSON, in the order in which they first come, with versions and ordinals of chunks.

    `of` is the document of a version that stands there without the id of its document.
    """
    chunks: dict[tuple[UUID, int | None], list[int]] = {}
    for document_id, version, ordinal in _named(answer, of):
        found = chunks.setdefault((document_id, version), [])
        if ordinal is not None and ordinal not in found and len(found) < MOST_CHUNKS:
            found.append(ordinal)
    return [DocumentTouched(document_id, version, tuple(found)) for (document_id, version), found in chunks.items()]


def bounded(documents: Iterable[DocumentTouched]) -> tuple[tuple[DocumentTouched, ...], int]:
    """Each once, as many as an entry names, and how many there are."""
    found = tuple(dict.fromkeys(documents))
    return found[:MOST_DOCUMENTS], len(found)


def portions(documents: Iterable[DocumentTouched]) -> list[tuple[DocumentTouched, ...]]:
    """Each once, in as many entries as name them all; of none there is an entry, too."""
    found = tuple(dict.fromkeys(documents))
    return [found[at : at + MOST_DOCUMENTS] for at in range(0, max(len(found), 1), MOST_DOCUMENTS)]


def _named(value: Any, of: UUID | None) -> Iterator[tuple[UUID, int | None, int | None]]:
    # What JSON is read into is a `dict` or a `list`: to ask an abstract class about each value took longest of all.
    if type(value) is list:
        for one in value:
            yield from _named(one, of)
    if type(value) is not dict:
        return
    document_id = _id(value.get("document_id"))
    version = next((value[name] for name in _VERSIONS if isinstance(value.get(name), int)), None)
    if document_id or (of and version is not None):
        ordinal = value.get("ordinal")
        yield document_id or of, version, ordinal if isinstance(ordinal, int) else None  # type: ignore[misc]
    for one in value.values():
        if type(one) is dict or type(one) is list:
            yield from _named(one, document_id or of)


def _id(value: Any) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
