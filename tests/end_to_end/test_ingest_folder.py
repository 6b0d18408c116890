"""`muniment ingest FOLDER`: all that lies there ends indexed, refused or skipped with a reason; none lost."""

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest
from support.stack import Stack, until


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A folder as they are found on real machines."""
    folder = tmp_path / "odd"
    (folder / "deep" / "deeper").mkdir(parents=True)
    (folder / "readme.md").write_text("# Read me\n\nThe turquoisetern nests here.\n")
    (folder / "deep" / "deeper" / "note.txt").write_text("A note, deep down.\n")
    (folder / "코리안.txt").write_bytes("휴가 규정은 여기에 있다.\n".encode("cp949"))
    (folder / ("n" * 240 + ".txt")).write_text("A very long name.\n")
    (folder / "two\nlines.txt").write_text("A line end in its name.\n")
    (Path(os.fsdecode(bytes(folder) + b"/not-\xff-utf8.txt"))).write_text("A name that is no UTF-8.\n")
    (folder / "empty.txt").touch()
    (folder / "packed.gz").write_bytes(gzip.compress(b"packed text"))
    (folder / "program").write_bytes(b"\x7fELF\x02\x01\x01" + bytes(200))
    (folder / "no-ending").write_text("Text without an ending.\n")
    (folder / "loop").symlink_to(folder)
    (folder / "again.md").symlink_to(folder / "readme.md")
    (folder / "nowhere").symlink_to(folder / "not-there")
    (folder / ".hidden").write_text("Hidden.\n")
    os.mkfifo(folder / "pipe")
    (folder / "locked.txt").write_text("Nobody may read this.\n")
    (folder / "locked.txt").chmod(0)
    return folder


def ingested(stack: Stack, *words: str) -> tuple[int, dict[str, Any]]:
    """Exit code and summary."""
    done = stack.run("ingest", "--json", *words, check=False)
    assert done.stdout.strip(), done.stderr
    summary: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, summary


def test_whatever_lies_in_a_folder_ends_with_a_reason(stack: Stack, odd: Path) -> None:
    """Every file is accounted for once; a second run finds nothing to do."""
    code, summary = ingested(stack, str(odd))
    assert code == 3, summary
    assert summary["unfinished"] == summary["failed"] == summary["dead_letters"] == 0, summary
    readable_by_root = os.geteuid() == 0
    assert summary["indexed"] == 7 + readable_by_root, summary
    assert summary["refused"] == 2, summary
    assert summary["refused_by_reason"] == {"type_not_allowed": 2}, summary
    assert summary["documents"] == summary["indexed"] + summary["refused"], summary
    expected = {"seen already": 2, "link to nowhere": 1, "hidden": 1, "not a file": 1, "empty": 1}
    assert summary["skipped_by_reason"].items() >= expected.items(), summary
    named = {Path(problem["path"]).name for problem in summary["problems"]}
    assert {"packed.gz", "program"} <= named

    code, again = ingested(stack, str(odd))
    assert (again["indexed"], again["unchanged"]) == (0, summary["indexed"]), again
    (odd / "readme.md").write_text("# Read me\n\nThe turquoisetern left.\n")
    code, third = ingested(stack, str(odd / "readme.md"), str(odd / "no-ending"))
    assert (code, third["indexed"], third["unchanged"]) == (0, 1, 1), third


def test_exit_codes_say_how_it_went(stack: Stack, tmp_path: Path) -> None:
    """0: all is searchable, and search finds it (4 when not); 1 with a remedy when no stack runs."""
    (tmp_path / "fine.md").write_text("# Fine\n\nA lapislynx sleeps.\n")
    code, summary = ingested(stack, str(tmp_path))
    assert (code, summary["indexed"]) == (0, 1)

    def found() -> Any:
        done = stack.run("search", "--json", "--mode", "text", "lapislynx", check=False)
        return done if done.returncode == 0 else None

    answer = json.loads(until("search finds it", found, 90, 0.5).stdout)
    assert answer["hits"][0]["file_name"] == "fine.md"
    assert stack.run("search", "--mode", "text", "nosuchwordanywhere", check=False).returncode == 4
    table = stack.run("ingest", str(tmp_path))
    assert "unchanged" in table.stdout
    jobs = stack.run("jobs", "list", "--json", check=False)
    assert jobs.returncode == 0, jobs.stderr
