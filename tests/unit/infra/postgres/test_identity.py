"""Which folders the server's account can walk to, and where its data go when it cannot."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.infra.postgres.identity import Identity, can_enter, place, reachable

MADE_BY_PYTEST = "pytest-of-"
STRANGER = Identity("stranger", 4_000_001, 4_000_001, switched=True)


def let_in(folder: Path) -> None:
    """Let everyone walk to a test's folder, however deep it lies: each process of a run has one of its own."""
    for parent in [folder, *folder.parents]:
        if any(part.startswith(MADE_BY_PYTEST) for part in parent.parts):
            parent.chmod(0o755)


@given(mode=st.integers(0, 0o777))
def test_the_first_matching_class_decides(mode: int) -> None:
    """As the kernel does it: an owner without the right is not helped by that of others."""
    assert can_enter(mode, STRANGER.uid, 0, STRANGER) == bool(mode & 0o100)
    assert can_enter(mode, 0, STRANGER.gid, STRANGER) == bool(mode & 0o010)
    assert can_enter(mode, 0, 0, STRANGER) == bool(mode & 0o001)


@pytest.mark.parametrize(("mode", "expected"), [(0o755, True), (0o711, True), (0o700, False), (0o750, False)])
def test_a_closed_parent_hides_what_is_in_it(tmp_path: Path, mode: int, expected: bool) -> None:
    """The parents' bits count, not those of the folder that is still to be made."""
    closed = tmp_path / "closed"
    closed.mkdir()
    let_in(tmp_path)
    closed.chmod(mode)
    assert reachable(closed / "new", STRANGER) is expected


def test_data_stay_in_the_home_when_the_account_can_walk_there(tmp_path: Path) -> None:
    """The usual case: nothing lies anywhere else."""
    let_in(tmp_path)
    assert place(tmp_path / "postgres", STRANGER, Path("/shared")) == tmp_path / "postgres"


def test_data_of_a_hidden_home_get_a_folder_of_their_own(tmp_path: Path) -> None:
    """Named after the home, so that each finds its own again and no two meet."""
    tmp_path.chmod(0o700)
    first = place(tmp_path / "a" / "postgres", STRANGER, Path("/shared"))
    assert first.parent == Path("/shared")
    assert first == place(tmp_path / "a" / "postgres", STRANGER, Path("/shared"))
    assert first != place(tmp_path / "b" / "postgres", STRANGER, Path("/shared"))
