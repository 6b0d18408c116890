"""Whose lock file is it?"""

from pathlib import Path

import pytest

from muniment.infra.postgres.stale import is_stale, names, remove_stale_lock

DATA = Path("/h/data")
TEXT = "123\n/h/data\n1700000000\n"


@pytest.mark.parametrize(("text", "pid"), [(TEXT, 123), ("-123\n", 123), ("", None), ("x\n", None)])
def test_the_first_line_names_the_process(text: str, pid: int | None) -> None:
    """A single-user server writes its number negative."""
    assert names(text) == pid


@pytest.mark.parametrize(
    ("command", "stale"),
    [
        (None, True),  # the process is gone
        (["/x/postgres", "-D", "/h/data"], False),  # it is the server of this folder
        (["/x/postgres", "-D", "/other/data"], True),  # another server got the number
        (["python"], True),  # something else got the number
    ],
)
def test_a_lock_is_stale_unless_its_process_is_the_server_of_the_folder(command: list[str] | None, stale: bool) -> None:
    """The number alone says nothing."""
    assert is_stale(TEXT, command, DATA) is stale


def test_a_half_written_lock_is_left_alone(tmp_path: Path) -> None:
    """A server that is just starting writes it."""
    (tmp_path / "postmaster.pid").write_text("")
    assert remove_stale_lock(tmp_path) is False
    assert (tmp_path / "postmaster.pid").exists()


def test_a_lock_of_nobody_is_removed(tmp_path: Path) -> None:
    """Number 4194305 is above what Linux gives out."""
    (tmp_path / "postmaster.pid").write_text("4194305\n")
    assert remove_stale_lock(tmp_path) is True
    assert remove_stale_lock(tmp_path) is False
