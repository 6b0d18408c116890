"""What must not be left after operators were at work: each look finds the breach that it is there for."""

from dataclasses import replace
from pathlib import Path

from chaos.facts import Fact
from chaos.remains import Remains, buried_twice, holding, left, readable, sent_twice

GONE = Remains(letters={"unwanted.md": ["redriven"]}, accepted=7)
COMPLETED = {"status": "completed"}


def sent(letter: str, redrive: str = "r1", failures: int = 0) -> Fact:
    topic = "muniment.redelivery.embedding"
    known = {"at_ms": 0, "kind": "ChunksPrepared", "event_id": "e", "job": "j", "cause": "c", "document": "d"}
    return Fact(topic, 0, 0, letter=letter, redrive=redrive, failures=failures, **known)  # type: ignore[arg-type]


def test_nothing_left_is_good() -> None:
    """Redriven, each letter if there are several, erased, and everything that was accepted is on the log."""
    assert readable(GONE, COMPLETED) == []
    assert left(replace(GONE, letters={"unwanted.md": ["redriven", "redriven"]}), ["unwanted.md"]) == []
    assert left(GONE, ["unwanted.md"]) == []


def test_what_is_readable_of_an_erased_document_is_found() -> None:
    """A key, a chunk, a hit, a file: each by itself; and an erasure that never ended."""
    for found in ({"keys": 1}, {"chunks": 2}, {"hits": 1}, {"files": ("blobs/one",)}):
        assert len(readable(replace(GONE, **found), COMPLETED)) == 1, found  # type: ignore[arg-type]
    assert readable(GONE, {"status": "erasing"}) == ["the erasure is erasing"]
    assert readable(GONE, {}) == ["the erasure is not known"]


def test_a_letter_that_did_not_go_back_is_found() -> None:
    """Waiting, failed again beside it, or nowhere at all."""
    for statuses in (["waiting"], ["redriven", "waiting"], []):
        assert len(left(replace(GONE, letters={"unwanted.md": statuses}), ["unwanted.md"])) == 1


def test_more_letters_than_a_step_can_have_been_given_are_found() -> None:
    """One for each time that it was said (a killed step says it again), and for each kill that came in between."""
    said = [replace(sent(""), topic="muniment.chunks"), replace(sent(""), topic="muniment.chunks", offset=1)]
    for facts, kills, most in ((said[:1], 0, 1), (said, 0, 2), (said, 1, 3)):
        assert buried_twice(Remains(buried={"e": most}), facts, kills) == []
        assert len(buried_twice(Remains(buried={"e": most + 1}), facts, kills)) == 1
    assert len(buried_twice(Remains(buried={"another": 1}), said, 0)) == 1


def test_a_command_that_stayed_in_the_outbox_is_found() -> None:
    """It was acknowledged."""
    assert left(replace(GONE, outbox=2), []) == ["2 commands are left in the outbox"]


def test_a_letter_that_was_sent_back_twice_is_found() -> None:
    """Not its retries, nor another redrive of it, nor other letters; nor what waits in a tier."""
    once = [sent("0-1"), sent("0-1", failures=1), sent("0-1", "r2"), sent("0-2"), replace(sent("0-1"), topic="other")]
    assert sent_twice(once) == []
    assert sent_twice([*once, sent("0-2")]) == ["letter 0-2 was sent back 2 times by one redrive"]


def test_a_word_is_found_in_any_file_of_a_stack_and_in_none_of_its_programs(tmp_path: Path) -> None:
    """Also where its Postgres lives, when that is elsewhere."""
    home, elsewhere = tmp_path / "home", tmp_path / "postgres"
    for folder in (home / "blobs", home / "kafka" / "lib", elsewhere / "base"):
        folder.mkdir(parents=True)
    (home / "postgres-home").write_text(f"{elsewhere}\n")
    (home / "blobs" / "empty").touch()
    assert holding(home, b"secret") == []
    for path in (home / "blobs" / "one", home / "kafka" / "lib" / "two", elsewhere / "base" / "three"):
        path.write_bytes(b"a" * 9000 + b"a secret.")
    assert sorted(holding(home, b"secret")) == ["base/three", "blobs/one"]
