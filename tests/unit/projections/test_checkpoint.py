"""How far records lead."""

from muniment.projections.away import is_away, said
from muniment.projections.checkpoint import after, commanded, decided
from muniment.projections.rows import shown_mapping, shown_text, storable
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.metadata import event_name
from muniment.schemas.personal import REDACTED
from muniment.schemas.record import Record


def record(topic: str, offset: int, position: str = "", lane: str = "") -> Record:
    """A record at a place, decided from a command at a position."""
    pairs = {"command_position": position, "lane": lane}
    headers = tuple((name, text.encode()) for name, text in pairs.items() if text)
    return Record(topic, b"k", b"", headers, 1, offset, 0)


def test_a_checkpoint_is_after_the_last_record() -> None:
    """The next offset of each partition, whatever the order."""
    assert after([record("a", 4), record("b", 1), record("a", 2)]) == {("a", 1): 5, ("b", 1): 2}


def test_decisions_tell_how_far_the_commands_are_decided() -> None:
    """The highest command position plus one; a header that is none is passed over."""
    told = [record("d", 1, "commands:2:7"), record("d", 2, "commands:2:5"), record("d", 3), record("d", 4, "junk")]
    assert decided(told) == {("commands", 2): 8}


def test_a_decision_says_nothing_of_the_commands_of_another_lane() -> None:
    """An interactive command decided ahead of an import leaves the import's readers waiting, and vice versa."""
    told = [
        record("d", 1, "commands:2:900", "interactive"),
        record("d", 2, "commands:2:17", "bulk"),
        record("d", 3, "commands:2:40", "nonsense"),
    ]
    assert decided(told) == {("commands/interactive", 2): 901, ("commands/bulk", 2): 18, ("commands", 2): 41}


def test_whoever_folds_commands_has_reached_them_in_every_lane() -> None:
    """The lanes of a command topic are rows of their own there, too: one token waits on the same row everywhere."""
    folded = [record("commands", 8, lane="bulk"), record("commands", 9), record("commands", 4, lane="bulk")]
    assert commanded(folded) == {("commands/bulk", 1): 9, ("commands", 1): 10}


def test_only_an_absent_database_is_waited_for() -> None:
    """A connection that broke is away; a value that cannot be written is the record's fault."""
    import asyncpg

    assert is_away(ConnectionRefusedError())
    assert is_away(asyncpg.DeadlockDetectedError())
    assert is_away(StepFailure(ErrorCode.DATABASE_UNAVAILABLE, "x"))
    assert not is_away(asyncpg.exceptions._base.DataError("invalid input for query argument $1"))
    assert not is_away(asyncpg.UniqueViolationError())
    assert not is_away(StepFailure(ErrorCode.UNDECODABLE, "x"))
    assert said(ValueError("text of a document")) == "ValueError"


def test_the_name_of_an_event_is_in_its_type() -> None:
    """Namespace and version are taken off; a record without a type has no name."""
    typed = Record("t", b"", b"", (("ce_type", b"io.muniment.DocumentDeleted.v1"),))
    assert event_name(typed) == "DocumentDeleted"
    assert event_name(Record("t", b"", b"", ())) == ""


def test_what_is_personal_is_shown_or_marked() -> None:
    """NUL, which Postgres cannot hold, is replaced in place; a lost key gives the mark."""
    assert storable("a\0b") == "a\ufffdb"
    assert (shown_text(REDACTED), shown_text(None), shown_text("x")) == ("[redacted]", None, "x")
    assert (shown_mapping(REDACTED), shown_mapping({"a": "b"})) == ({}, {"a": "b"})
