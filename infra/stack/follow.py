"""The one readable log: the lines of all parts in one file, each with the name of its part.

The supervisor keeps one file a part and rotates it by renaming; this process reads along and writes to its standard
output, which the supervisor keeps as `muniment.log`. It notes how far it has come, so that a restart goes on there.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

INTERVAL_S = 0.2
WIDTH = 12
READ_BYTES_MAX = 1024 * 1024
POSITIONS = ".positions.json"


SHOWN_APART = ("timestamp", "level", "event", "part", "exception")
"""Fields of a JSON line that have a place of their own in a line for people."""


def prefixed(part: str, line: str, *, as_json: bool) -> str:
    """One line of the merged log. In JSON form a line that is not an object becomes the `event` of one."""
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    if as_json:
        body = found if isinstance(found, dict) else {"event": line}
        return json.dumps({"part": part, **body}, ensure_ascii=False)
    return f"{part:<{WIDTH}}| {readable(found) if isinstance(found, dict) else line}"


def readable(found: dict[str, Any]) -> str:
    """A JSON line for people: time, level, what happened, the rest as name=value; of an exception its kind only."""
    rest = [f"{name}={value}" for name, value in found.items() if name not in SHOWN_APART]
    if "exception" in found:
        rest.append(f"exception={kind_of(found['exception'])}")
    clock = str(found.get("timestamp", ""))[11:23]
    return " ".join([clock, f"{found.get('level', ''):<7}", str(found.get("event", "")), *rest]).strip()


def kind_of(exception: object) -> str:
    """The class of a logged exception, however it was rendered."""
    try:
        return str(exception[-1]["exc_type"])  # type: ignore[index]
    except (TypeError, KeyError, IndexError):
        return str(exception).strip().rpartition("\n")[2][:200]


@dataclass
class Tail:
    """One growing file; survives its renaming. `offset` is the end of the last whole line read (bytes)."""

    path: Path
    inode: int = 0
    offset: int = 0
    stream: BinaryIO | None = None

    def read(self) -> Iterator[str]:
        """The whole lines that have come since the last call."""
        while self._open() is not None:
            found = False
            for line in self._lines():
                found = True
                yield line
            if not found:
                if not self._renamed():
                    return
                self.close()

    def close(self) -> None:
        """Let go of the file; the next read begins with the one that has its name then."""
        if self.stream:
            self.stream.close()
        self.stream = None

    def _open(self) -> BinaryIO | None:
        if self.stream is None:
            try:
                self.stream = self.path.open("rb")
            except FileNotFoundError:
                return None
            status = os.fstat(self.stream.fileno())
            if status.st_ino != self.inode or status.st_size < self.offset:
                self.inode, self.offset = status.st_ino, 0
        return self.stream

    def _lines(self) -> Iterator[str]:
        assert self.stream is not None
        self.stream.seek(self.offset)
        block = self.stream.read(READ_BYTES_MAX)
        end = block.rfind(b"\n") + 1
        if not end and len(block) == READ_BYTES_MAX:
            end = len(block)  # A line without end is cut rather than awaited for ever.
        self.offset += end
        yield from block[:end].decode(errors="replace").splitlines()

    def _renamed(self) -> bool:
        try:
            now = self.path.stat()
        except FileNotFoundError:
            return False
        return now.st_ino != self.inode or now.st_size < self.offset


class Follower:
    """All files of a folder, and how far each was read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._positions = folder / POSITIONS
        self._tails: dict[str, Tail] = {}
        try:
            known = json.loads(self._positions.read_text())
        except (FileNotFoundError, ValueError):
            known = {}
        for part, (inode, offset) in known.items():
            self._tails[part] = Tail(folder / f"{part}.log", inode, offset)

    def read(self) -> Iterator[tuple[str, str]]:
        """Part and line, for every line that has come."""
        for path in sorted(self._folder.glob("*.log")):
            tail = self._tails.setdefault(path.stem, Tail(path))
            for line in tail.read():
                yield path.stem, line

    def note(self) -> None:
        """Write down how far each file was read."""
        text = json.dumps({part: [tail.inode, tail.offset] for part, tail in self._tails.items()})
        new = self._positions.with_suffix(".new")
        # On a full disk the lines go on; what is not noted is told once more after a restart.
        with suppress(OSError):
            new.write_text(text)
            new.replace(self._positions)


def main() -> None:
    """`python -m muniment.infra.stack.follow FOLDER [--json]`: merge the files of the folder until killed."""
    follower = Follower(Path(sys.argv[1]))
    as_json = "--json" in sys.argv[2:]
    while True:
        wrote = False
        for part, line in follower.read():
            sys.stdout.write(prefixed(part, line, as_json=as_json) + "\n")
            wrote = True
        if wrote:
            sys.stdout.flush()
            follower.note()
        else:
            time.sleep(INTERVAL_S)


if __name__ == "__main__":
    main()
