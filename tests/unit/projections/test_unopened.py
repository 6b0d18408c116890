"""What a read model leaves sealed says nothing of its rows."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from muniment.projections.documents.evolve import evolve
from muniment.projections.documents.projection import Documents
from muniment.projections.documents.state import Document, Head
from muniment.projections.jobs.facts import facts_of
from muniment.projections.jobs.projection import Jobs
from muniment.schemas import codec, example
from muniment.schemas.catalogue import declarations
from muniment.schemas.codec import Envelope, decode
from muniment.schemas.event import Declaration
from muniment.schemas.record import Record

GOLDEN = Path(codec.__file__).parent / "golden"


def of_jobs(said: Envelope) -> object:
    """What the jobs read model takes from an event."""
    return facts_of(said, {})


def of_documents(said: Envelope) -> object:
    """What the documents read model makes of an event."""
    return evolve(Document(Head(said.meta.tenant, said.document_id)), said.event, said.meta.time)


FOLDS: Mapping[str, tuple[frozenset[str], Callable[[Envelope], object]]] = {
    "jobs": (Jobs().closed, of_jobs),
    "documents": (Documents().closed, of_documents),
}


def golden(declared: Declaration) -> Record:
    """The committed record of a declaration's example, somewhere on the log."""
    stored = json.loads((GOLDEN / f"{declared.key}.json").read_text("utf-8"))
    headers = tuple((name, text.encode()) for name, text in stored["headers"].items())
    return Record(
        declared.topic.name, stored["headers"]["ce_subject"].encode(), bytes.fromhex(stored["value"]), headers
    )


@pytest.mark.parametrize("name", FOLDS)
def test_what_stays_sealed_changes_no_row(name: str) -> None:
    """Every event that a read model leaves shut is folded to the same with and without its key."""
    closed, folded = FOLDS[name]
    left_shut = [d for d in declarations() if d.name in closed]
    assert {d.name for d in left_shut} == closed
    for declared in left_shut:
        record = golden(declared)
        opened, shut = decode(record, lambda _: example.KEY), decode(record, lambda _: None)
        assert declared.personal, f"{declared.key} has nothing sealed"
        assert opened.event != shut.event
        assert folded(opened) == folded(shut), declared.key
