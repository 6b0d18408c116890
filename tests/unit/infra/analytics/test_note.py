"""A folder says which group landed it, and of which tenant."""

from pathlib import Path

import pytest

from muniment.infra.analytics.note import NOTE, take
from muniment.infra.not_set import NotSetError


def test_a_group_goes_on_in_its_folder(tmp_path: Path) -> None:
    """The first run takes the folder; later ones, and other members, find it theirs, killed before a commit or not."""
    take(tmp_path, "ours", "acme", begun=False)
    take(tmp_path, "ours", "acme", begun=False)
    take(tmp_path, "ours", "acme", begun=True)
    assert [path.name for path in tmp_path.iterdir()] == [NOTE]


def test_a_folder_that_lacks_what_was_landed_is_refused(tmp_path: Path) -> None:
    """Nothing is written, so that the next run is refused as well."""
    for _ in range(2):
        with pytest.raises(NotSetError, match="ours has landed records already"):
            take(tmp_path, "ours", "", begun=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize(
    ("group", "tenant", "told"),
    [
        ("theirs", "acme", "and was to take what theirs lands of the tenant acme"),
        ("ours", "", "and was to take what ours lands of all tenants"),
        ("ours", "other", "and was to take what ours lands of the tenant other"),
    ],
)
def test_a_folder_of_another_question_is_refused(
    tmp_path: Path, group: str, tenant: str, told: str, begun: bool
) -> None:
    """Whoever asks otherwise is told what the folder holds."""
    take(tmp_path, "ours", "acme", begun=False)
    with pytest.raises(NotSetError, match=f"the consumer group ours landed of the tenant acme, {told}"):
        take(tmp_path, group, tenant, begun=begun)
