"""How the files of a run are given out: those that share a stack go to one process, the others to whichever is free.

What takes long goes first. A second stack would start as much again, and read and fold all that the first one does.
"""

from collections import OrderedDict
from typing import Any

from xdist.scheduler import LoadFileScheduling

SHARING = "tests/end_to_end/"
"""The folder whose tests share the stack of their process."""
LONG = (
    "tests/crash/test_chaos.py",
    "tests/crash/test_kills.py",
    "tests/crash/test_full_disk.py",
    "tests/integration/api/test_openapi.py",
    "tests/integration/stack/test_up.py",
    "tests/integration/retrying/test_mover.py",
    "tests/integration/packaging/test_wheel.py",
    "tests/contract/hosts/test_crashes.py",
    "tests/contract/hosts/test_order.py",
    "tests/contract/publisher/test_kafka.py",
)
"""What takes half a minute and more, the longest first: begun late, it would be waited for alone."""


def turn(files: list[str], *, first: bool) -> str | None:
    """The file that a process is given next, if there is one for it: the `first` process takes those that share.

    Of the others those that are `LONG` come first.
    """
    shared = next((file for file in files if file.startswith(SHARING)), None)
    others = [file for file in files if not file.startswith(SHARING)]
    own = next((file for file in LONG if file in others), next(iter(others), None))
    return (shared or own) if first else own


class OneStack(LoadFileScheduling):
    """See the module. A process that replaces one that died is the first of those that are left, or the next."""

    workqueue: OrderedDict[str, dict[str, bool]]

    def _assign_work_unit(self, node: Any) -> None:
        file = self._turn(node)
        if file is not None:
            self.workqueue.move_to_end(file, last=False)
            super()._assign_work_unit(node)

    def _reschedule(self, node: Any) -> None:
        if self.workqueue and self._turn(node) is None and not node.shutting_down:
            node.shutdown()
        else:
            super()._reschedule(node)

    def _turn(self, node: Any) -> str | None:
        first = next((one for one in self.assigned_work if not one.shutting_down), node)
        return turn(list(self.workqueue), first=node is first)
