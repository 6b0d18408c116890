"""What was committed of the schemas and of recorded logs is what somebody's log is read with: it stays as it was.

`make schemas` compares with the files at hand, and one that is removed is missed by nobody: so git is asked.
"""

from pathlib import Path

import pytest
from support.git_history import git, taken_back_before, taken_back_now, whole_history

from muniment.schemas import export

ROOT = export.HERE.parent
WRITTEN_ONCE = ("schemas/avro", "schemas/golden", ":(glob)tests/history/*.jsonl")
SCHEMA, RECORDING = "schemas/avro/Told.v1.avsc", "tests/history/first.jsonl"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with a schema and a recording."""
    git(tmp_path, "init", "--initial-branch=main")
    for name in (SCHEMA, RECORDING, "schemas/export.py"):
        write(tmp_path, name, f"what {name} says\n" * 20)
    commit(tmp_path)
    return tmp_path


def write(root: Path, name: str, text: str) -> None:
    """A file of the working tree."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def commit(root: Path) -> None:
    """Everything that lies there."""
    git(root, "add", "--all")
    who = ("-c", "user.name=tests", "-c", "user.email=tests@example.org", "-c", "commit.gpgsign=false")
    assert git(root, *who, "commit", "--message=changed") is not None


def test_nothing_was_ever_taken_back() -> None:
    """No commit edited, removed or renamed a schema, golden bytes or a recorded log."""
    whole_history(ROOT)
    assert taken_back_before(ROOT, WRITTEN_ONCE) == [], "declare a new version and an upcaster instead"


def test_nothing_is_taken_back_now() -> None:
    """The working tree has every schema, golden bytes and recorded log as the newest commit has them."""
    assert taken_back_now(ROOT, WRITTEN_ONCE) == [], "`git checkout HEAD -- FILE`; declare a new version instead"


def test_what_is_added_is_no_fault(root: Path) -> None:
    """New files, not committed, staged or committed, and changes elsewhere, are what work consists of."""
    write(root, "schemas/avro/Told.v2.avsc", "new")
    write(root, "schemas/export.py", "changed")
    assert taken_back_now(root, WRITTEN_ONCE) == []
    git(root, "add", "--all")
    assert taken_back_now(root, WRITTEN_ONCE) == []
    commit(root)
    assert (taken_back_now(root, WRITTEN_ONCE), taken_back_before(root, WRITTEN_ONCE)) == ([], [])


@pytest.mark.parametrize("name", [SCHEMA, RECORDING])
@pytest.mark.parametrize("how", ["edited", "removed", "renamed"])
def test_what_is_taken_back_is_seen(root: Path, name: str, how: str) -> None:
    """Before it is committed in the working tree, after it in the history, and there even when it came back since."""
    path = root / name
    before = path.read_text("utf-8")
    if how == "edited":
        path.write_text(before.replace("says", "said"), "utf-8")
    elif how == "removed":
        path.unlink()
    else:
        path.rename(path.with_stem("second"))
    assert taken_back_now(root, WRITTEN_ONCE) == [name]
    commit(root)
    assert taken_back_now(root, WRITTEN_ONCE) == []
    [told] = taken_back_before(root, WRITTEN_ONCE)
    assert told.split()[1] == name
    write(root, name, before)
    commit(root)
    assert told in taken_back_before(root, WRITTEN_ONCE)


def test_a_shallow_clone_does_not_pass_for_a_history(root: Path, tmp_path: Path) -> None:
    """Its one commit has only added files: the test of the history is skipped there, and says what to fetch."""
    write(root, SCHEMA, "edited")
    commit(root)
    clone = tmp_path / "clone"
    assert git(root, "clone", "--depth=1", root.as_uri(), str(clone)) is not None
    assert taken_back_before(clone, WRITTEN_ONCE) == []
    with pytest.raises(pytest.skip.Exception, match="unshallow"):
        whole_history(clone)
    (clone / SCHEMA).unlink()
    assert taken_back_now(clone, WRITTEN_ONCE) == [SCHEMA]
