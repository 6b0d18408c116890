"""The merged log: every line once, with its part."""

import json
from pathlib import Path

from muniment.infra.stack.follow import Follower, Tail, prefixed


def append(path: Path, text: str) -> None:
    with path.open("a") as stream:
        stream.write(text)


def test_a_line_waits_for_its_end(tmp_path: Path) -> None:
    """Half a line is nothing that can be read."""
    tail = Tail(tmp_path / "a.log")
    append(tail.path, "one\ntw")
    assert list(tail.read()) == ["one"]
    append(tail.path, "o\n")
    assert list(tail.read()) == ["two"]


def test_nothing_is_lost_when_the_file_is_renamed(tmp_path: Path) -> None:
    """The supervisor rotates: the rest of the old file comes first, then the new one."""
    tail = Tail(tmp_path / "a.log")
    append(tail.path, "one\n")
    assert list(tail.read()) == ["one"]
    append(tail.path, "two\n")
    tail.path.rename(tmp_path / "a.log.1")
    append(tail.path, "three\n")
    assert list(tail.read()) == ["two", "three"]


def test_a_restart_goes_on_where_it_was(tmp_path: Path) -> None:
    """No line twice, none left out."""
    append(tmp_path / "a.log", "one\n")
    follower = Follower(tmp_path)
    assert list(follower.read()) == [("a", "one")]
    follower.note()
    append(tmp_path / "a.log", "two\n")
    append(tmp_path / "b.log", "three\n")
    assert sorted(Follower(tmp_path).read()) == [("a", "two"), ("b", "three")]


def test_a_line_without_end_is_cut(tmp_path: Path) -> None:
    """The memory of the follower is bounded."""
    from muniment.infra.stack.follow import READ_BYTES_MAX

    tail = Tail(tmp_path / "a.log")
    append(tail.path, "x" * (READ_BYTES_MAX + 5) + "\n")
    assert [len(line) for line in tail.read()] == [READ_BYTES_MAX, 5]


def test_a_line_in_json_is_always_an_object() -> None:
    """Objects keep their fields; what a Java program printed becomes the event of one."""
    assert json.loads(prefixed("api", '{"event": "x", "n": 1}', as_json=True)) == {"part": "api", "event": "x", "n": 1}
    assert json.loads(prefixed("kafka", "WARN x", as_json=True)) == {"part": "kafka", "event": "WARN x"}
    assert json.loads(prefixed("kafka", "5", as_json=True)) == {"part": "kafka", "event": "5"}


def test_a_line_for_people_begins_with_its_part() -> None:
    """Aligned, so that the eye can follow one part."""
    assert prefixed("api", "x", as_json=False) == "api         | x"


def test_a_json_line_is_made_readable_for_people() -> None:
    """Time, level and event first; an exception is named, and spread out in the JSON form only."""
    line = {"event": "went", "level": "info", "timestamp": "2026-11-22T01:02:03.456789Z", "job_id": "j", "part": "api"}
    assert prefixed("api", json.dumps(line), as_json=False) == "api         | 01:02:03.456 info    went job_id=j"
    failed = {"event": "no", "level": "error", "exception": [{"exc_type": "OSError", "frames": []}]}
    assert prefixed("api", json.dumps(failed), as_json=False).endswith("error   no exception=OSError")
