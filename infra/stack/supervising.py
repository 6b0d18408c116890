"""The program that `up` starts: supervisord, whose own words cannot be the end of it.

What it cannot write to a log, the disk being full, it tells on its standard error, which lies on that disk, too; and
what fails there ends it, and every part with it.
"""

import sys
from typing import Any

from supervisor import supervisord


class Forgiving:
    """An output that drops what cannot be written. All else is the stream's own."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, or lose it."""
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            return 0
        return len(text)

    def flush(self) -> None:
        """Nothing is kept back."""

    def __getattr__(self, name: str) -> Any:
        """See the class."""
        return getattr(self._stream, name)


def main() -> None:
    """`python -m muniment.infra.stack.supervising -c FILE`: as `supervisord`, with its arguments."""
    sys.stdout, sys.stderr = Forgiving(sys.stdout), Forgiving(sys.stderr)
    supervisord.main()


if __name__ == "__main__":
    main()
