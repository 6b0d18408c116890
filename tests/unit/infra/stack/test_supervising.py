"""The supervisor's own output."""

import errno
import io

from muniment.infra.stack.supervising import Forgiving


class Full(io.StringIO):
    """A file on a disk without room."""

    def write(self, text: str) -> int:
        """There is none."""
        raise OSError(errno.ENOSPC, "No space left on device")


def test_what_cannot_be_written_is_dropped() -> None:
    """A print does not end the program, however often."""
    for _ in range(3):
        print("a traceback", file=Forgiving(Full()), flush=True)


def test_what_can_be_written_is() -> None:
    """All of it, in order."""
    kept = io.StringIO()
    print("one", "two", file=Forgiving(kept))
    assert kept.getvalue() == "one two\n"
