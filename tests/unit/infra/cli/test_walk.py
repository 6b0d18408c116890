"""Which files an ingest takes."""

import os
from pathlib import Path

from muniment.infra.cli.walk import Skipped, Wanted, walk


def outcome(root: Path, **how) -> dict[str, str]:
    """Each path below `root`, taken or why not."""
    return {str(f.path.relative_to(root)): "taken" if isinstance(f, Wanted) else f.reason for f in walk([root], **how)}


def test_everything_is_taken_or_named(tmp_path):
    """A file is taken, or skipped for a stated reason; links that loop end."""
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "empty.txt").touch()
    (tmp_path / ".hidden").write_text("h")
    (tmp_path / "sub" / "deep").mkdir(parents=True)
    (tmp_path / "sub" / "deep" / "b.txt").write_text("b")
    (tmp_path / "sub" / "loop").symlink_to(tmp_path)
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    (tmp_path / "twin.txt").symlink_to(tmp_path / "a.txt")
    os.mkfifo(tmp_path / "pipe")
    assert outcome(tmp_path) == {
        ".hidden": "hidden",
        "a.txt": "taken",
        "empty.txt": "empty",
        "nowhere": "link to nowhere",
        "pipe": "not a file",
        "sub/deep/b.txt": "taken",
        "sub/loop": "seen already",
        "twin.txt": "seen already",
    }
    assert outcome(tmp_path, hidden=True)[".hidden"] == "taken"
    assert outcome(tmp_path, deep=False)["sub"] == "a folder"


def test_what_is_named_is_taken(tmp_path):
    """A hidden file that was named is meant; a path that is not there is told."""
    hidden = tmp_path / ".notes"
    hidden.write_text("n")
    assert list(walk([hidden, hidden, tmp_path / "gone"])) == [
        Wanted(hidden, 1),
        Skipped(hidden, "seen already"),
        Skipped(tmp_path / "gone", "not there"),
    ]


def test_names_that_are_no_text_are_taken(tmp_path):
    """A name on disk is bytes."""
    from muniment.infra.cli.ingesting import document_id_of, text_of

    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.txt"))
    odd.write_text("x")
    (found,) = walk([tmp_path])
    assert text_of(found.path).endswith("\\xff.txt")
    assert document_id_of("acme", found.path) == document_id_of("acme", odd)
    assert document_id_of("acme", odd) != document_id_of("umbrella", odd)
