"""What can be done with a draft."""

from dataclasses import dataclass
from uuid import uuid4

import pytest

from muniment.api.console.studio.stages import Deeds, ancestor, moved_on, share


@dataclass(frozen=True)
class Draft:
    """What is known of it."""

    state: str = "written"
    current: bool = False
    numbers: tuple[int, ...] = ()


def deeds(draft, *, may_write=True, archived=False):
    """The names of what can be done."""
    found = Deeds(draft, may_write=may_write, archived=archived)
    return {name for name, can in vars(found).items() if can}


@pytest.mark.parametrize(
    ("draft", "can"),
    [
        (Draft("prompted"), {"cancel"}),
        (Draft(), {"edit", "commit", "discard", "export"}),
        (Draft(current=True, numbers=(1,)), {"edit", "export"}),
        (Draft(numbers=(1,)), {"edit", "commit", "restore", "export"}),
        (Draft("discarded"), {"edit", "commit", "export"}),
        (Draft("erased", numbers=(1,)), set()),
        (Draft("refused"), set()),
    ],
)
def test_each_state_has_its_deeds(draft, can):
    """The script is not committed again, what was committed is not put away, what has no text is left alone."""
    assert deeds(draft) == can


def test_who_may_only_read_can_only_take_it_along():
    """Nor can anybody change what is archived."""
    assert deeds(Draft(), may_write=False) == {"export"}
    assert deeds(Draft(), archived=True) == {"export"}
    assert deeds(Draft("requested"), archived=True) == set()


def test_the_nearest_draft_in_both_lines_is_what_both_come_from():
    """None, where they have nothing in common."""
    root, mine, theirs = uuid4(), uuid4(), uuid4()
    assert ancestor([mine, root], [theirs, root]) == root
    assert ancestor([mine], [theirs]) is None


def test_the_script_has_moved_on_when_it_is_none_of_what_a_draft_was_made_from():
    """With no script yet it has not."""
    root, mine, other = uuid4(), uuid4(), uuid4()
    assert moved_on(mine, other, [mine, root])
    assert not moved_on(mine, root, [mine, root])
    assert not moved_on(mine, None, [mine])


def test_a_share_is_per_cent_of_the_whole():
    """And never more than all of it."""
    assert (share(1, 4), share(9, 4), share(None, 4), share(1, None)) == (25, 100, 0, 0)
