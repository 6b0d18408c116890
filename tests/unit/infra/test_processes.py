"""The processes that a stack runs, by their names."""

import inspect

from muniment.infra.processes import PROCESSES, process
from muniment.infra.stack.parts import OWN


def test_every_part_of_our_own_is_a_process() -> None:
    """What `muniment up` starts by name, `muniment run` finds under it."""
    assert set(PROCESSES) == set(OWN)
    assert all(inspect.iscoroutinefunction(process(name)) for name in PROCESSES)
