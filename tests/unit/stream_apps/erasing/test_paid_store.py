"""The store of vector files waits for every process of its machine to drop what it began while there were keys."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from muniment.stream_apps.erasing.house import PaidStore
from muniment.stream_apps.erasing.stores import Forgotten

DESTROYED = datetime(2026, 1, 2, tzinfo=UTC)


def begun(folder: Path, seconds: float) -> Path:
    """A file that a process began so long after the keys were destroyed, and has written to a moment ago."""
    path = folder / "model" / f"1-{int((DESTROYED.timestamp() + seconds) * 1000)}-x"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"vectors")
    return path


async def told(folder: Path, keyless_at: datetime | None, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(PaidStore, "LONGEST_S", 0.5)
    return (await PaidStore(folder).erase(Forgotten("acme", [], DESTROYED, keyless_at))).note


async def test_a_file_that_is_written_on_is_as_old_as_its_first_vector(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A busy process that has not heard makes its file look young, and the erased vectors are in it."""
    begun(tmp_path, -60)
    assert (await told(tmp_path, DESTROYED, monkeypatch)).startswith("1 files belong to processes that have not")


async def test_a_file_that_was_begun_after_it_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process had heard; however late the stores are asked, it is not held for one that has not answered."""
    begun(tmp_path, 1)
    assert (await told(tmp_path, DESTROYED, monkeypatch)).startswith("every process has dropped")


async def test_without_a_key_to_destroy_nobody_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No process is told of anything then, and no text of these documents was readable."""
    begun(tmp_path, -60)
    assert (await told(tmp_path, None, monkeypatch)).startswith("no key was left")
