"""Yesterday's log under today's code: every recording still decodes, and folds to what it folded to."""

from functools import reduce
from pathlib import Path

import pytest
from support.golden_records import RECORDINGS, recorded

from muniment.schemas import codec, example
from muniment.schemas.codec import Envelope
from muniment.schemas.documents import DocumentDeleted, DocumentIndexed, DocumentRefused, DocumentSubmitted
from muniment.schemas.personal import REDACTED
from muniment.stream_apps.deciding.decider import evolve
from muniment.stream_apps.deciding.state import Asked, State, initial_state

EVERY = pytest.mark.parametrize("path", RECORDINGS, ids=lambda p: p.stem)
NAMES = [
    "SubmitDocument",
    "DocumentSubmitted",
    "DocumentExtracted",
    "ChunksPrepared",
    "DocumentChunked",
    "ChunksEmbedded",
    "DocumentIndexed",
    "DeleteDocument",
    "DocumentDeleted",
    "DocumentPurged",
]


def decoded(path: Path, *, keys: bool = True) -> list[Envelope]:
    """Every event of a recording."""
    return [codec.decode(r, lambda _: example.KEY if keys else None) for r in recorded(path)]


def folded(path: Path, upto: int) -> State:
    """The decider's state after that many events."""
    facts = (DocumentSubmitted, DocumentIndexed, DocumentRefused, DocumentDeleted)
    events = [e.event for e in decoded(path)[:upto]]
    facts_of = (e for e in events if isinstance(e, facts))
    return reduce(lambda state, e: evolve(state, e, Asked(e.job_id)), facts_of, initial_state())


def test_there_is_a_recording() -> None:
    """The first one is never removed."""
    assert "first" in {p.stem for p in RECORDINGS}


@EVERY
def test_a_recording_decodes_to_the_life_it_tells(path: Path) -> None:
    """Names, ids and causes are in order, and what was personal is readable with the key."""
    found = decoded(path)
    assert [e.event.declaration.name for e in found] == NAMES
    assert len({e.meta.event_id for e in found}) == len(found)
    assert len({e.event.document_id for e in found}) == 1
    assert found[0].event.file_name == "file_name 예시"  # type: ignore[attr-defined]
    assert {e.meta.correlation_id for e in found} == {found[0].meta.event_id, found[7].meta.event_id}


@EVERY
def test_a_recording_decodes_without_its_key(path: Path) -> None:
    """Erased, it is still the same life, with nothing personal in it."""
    for whole, erased in zip(decoded(path), decoded(path, keys=False), strict=True):
        assert whole.meta == erased.meta
        for name, _ in erased.event.declaration.personal:
            assert getattr(erased.event, name) is REDACTED


@EVERY
def test_a_recording_folds_to_what_it_folded_to(path: Path) -> None:
    """Indexed after seven events, gone at the end."""
    assert (folded(path, 7).latest, folded(path, 7).active, folded(path, 7).deleted) == (1, 1, 0)
    assert folded(path, 10) == State(latest=1, deleted=1)
