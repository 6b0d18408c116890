"""Progress across a process border."""

import pickle
from pathlib import Path

from muniment.stream_apps.progress import ProgressFile


def test_what_the_child_writes_the_parent_reads(tmp_path: Path) -> None:
    """A progress file survives pickling, tells the latest state, and nothing before there is one."""
    ours = ProgressFile(tmp_path / "progress")
    assert ours.read() is None
    theirs = pickle.loads(pickle.dumps(ours))
    theirs(3, 1000, "pages")
    theirs(12, 1000, "pages")
    assert ours.read() == (12, 1000, "pages")
    ours.path.write_text("12 10")
    assert ours.read() is None
