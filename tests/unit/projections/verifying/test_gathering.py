"""What is held of the log while it is looked for what made a row."""

from uuid import uuid4

import pytest

from muniment.projections.audit.projection import Audit
from muniment.projections.chunks.projection import Chunks
from muniment.projections.documents.projection import Documents
from muniment.projections.projects.projection import Projects
from muniment.projections.replaying.differences import RowDifference
from muniment.projections.verifying import gathering
from muniment.projections.verifying.gathering import Gathered
from muniment.schemas.record import Record
from muniment.schemas.topics import AUDIT, DOCUMENTS, OPERATIONS, PROJECTS

MOST = 5


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few records are too many."""
    monkeypatch.setattr(gathering, "MOST", MOST)


def record(offset: int, topic: str, event: str, key: str, *, event_id: str = "", size: int = 1) -> Record:
    """A record on the log, written in the order of the offsets."""
    headers = (("ce_type", f"muniment.{event}.v1".encode()), ("ce_id", (event_id or str(uuid4())).encode()))
    return Record(topic, key.encode(), b"x" * size, headers, 0, offset, offset)


def row(*ids: str) -> RowDifference:
    """A row that is of no document, and bears these ids."""
    return RowDifference("a table", "changed", {"id": ids[0]}, (), None, frozenset(ids))


def test_all_there_is_may_have_made_a_row_while_it_is_little() -> None:
    """Up to the bound every record that the projection folds is told, in order; what it does not fold is not held."""
    found = Gathered(Audit(), [], [row("an id")])
    told = [record(n, AUDIT.name, "ActionAudited", "cli:ann") for n in range(MOST)]
    for one in reversed(told):
        found.take(one)
        found.take(record(one.offset or 0, AUDIT.name, "CheckpointSealed", "cli:ann"))
    assert found.of_all() == told


def test_more_than_the_bound_is_not_held_and_what_bears_an_id_is() -> None:
    """An entry behind records of others is found by its own id, a project's row by the key; nobody else's record is."""
    event_id, project, other = str(uuid4()), str(uuid4()), str(uuid4())
    for projection, topic, event, one in [
        (Audit(), AUDIT.name, "ActionAudited", row(event_id)),
        (Projects(), PROJECTS.name, "ProjectCreated", row(project, str(uuid4()))),
    ]:
        found = Gathered(projection, [], [one])
        for number in range(3 * MOST):
            found.take(record(number, topic, event, other))
        mine = record(3 * MOST, topic, event, project, event_id=event_id)
        found.take(mine)
        assert found.of_all() is None
        assert found.of_some() == ([one], [mine])


def test_a_row_of_which_too_much_is_said_does_not_hide_the_others() -> None:
    """It is left out, and its records are let go; rows are taken as long as all their records are few."""
    loud, quiet, also = (str(uuid4()) for _ in range(3))
    rows = [row(loud), row(quiet), row(also)]
    found = Gathered(Projects(), [], rows)
    for number in range(MOST + 1):
        found.take(record(number, PROJECTS.name, "ProjectCreated", loud))
    mine = [record(MOST + 1 + n, PROJECTS.name, "ProjectCreated", quiet) for n in range(MOST)]
    for one in [*mine, record(3 * MOST, PROJECTS.name, "ProjectCreated", also)]:
        found.take(one)
    assert found.of_some() == ([rows[1]], mine)


def test_the_bytes_are_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few records with large values are as much as many small ones."""
    monkeypatch.setattr(gathering, "MOST_BYTES", 100)
    found = Gathered(Audit(), [], [row("an id")])
    found.take(record(0, AUDIT.name, "ActionAudited", "cli:ann", size=60))
    assert found.of_all() is not None
    found.take(record(1, AUDIT.name, "ActionAudited", "cli:ann", size=60))
    assert found.of_all() is None


def test_of_a_document_what_lies_under_its_key_and_what_the_house_said_is_told() -> None:
    """Records of other documents are not held, however many; once there is too much of it, nothing is told."""
    document, other = str(uuid4()), str(uuid4())
    found = Gathered(Chunks(8), [document], [])
    house = record(0, OPERATIONS.name, "MigrationStarted", "toy")
    mine = record(1, DOCUMENTS.name, "DocumentIndexed", document)
    for one in (mine, house, *(record(n, DOCUMENTS.name, "DocumentIndexed", other) for n in range(2, 4 * MOST))):
        found.take(one)
    told = found.of(document)
    assert told == [house, mine]
    for number in range(MOST):
        found.take(record(100 + number, DOCUMENTS.name, "DocumentIndexed", document))
    assert found.of(document) is None


def test_without_a_row_of_no_document_nothing_else_is_held() -> None:
    """What is of other documents can have made no row of this one."""
    found = Gathered(Documents(), [str(uuid4())], [])
    found.take(record(0, DOCUMENTS.name, "DocumentIndexed", str(uuid4())))
    assert found.of_all() == []
