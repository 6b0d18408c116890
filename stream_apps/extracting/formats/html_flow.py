"""Text as a browser would lay it out: white space collapsed, blocks on lines of their own, headings noted."""

from muniment.stream_apps.extracting.section import Passage

_PASSAGE_CHARACTERS = 16 * 1024


class Flow:
    """Collects text and breaks; `take` hands out what is ready as passages."""

    def __init__(self, heading: str | None) -> None:
        self._parts: list[str] = []
        self._size = 0
        self._ready: list[Passage] = []
        self._heading = heading
        self._heading_parts: list[str] | None = None
        self._break = 0
        self._space = False
        self._cell = False
        self._empty = True

    def text(self, data: str, *, verbatim: bool) -> None:
        """Add text; a run of white space counts as one space unless `verbatim`."""
        if verbatim:
            self._write(data)
            return
        words = " ".join(data.split())
        self._space = self._space or data[:1].isspace()
        if words:
            self._write(words)
            self._space = data[-1:].isspace()

    def line_break(self, lines: int) -> None:
        """Begin a new line (1) or leave an empty one (2) before whatever text comes next."""
        self._break = max(self._break, lines)
        self._cell = False

    def cell_break(self) -> None:
        """Separate table cells of one row."""
        self._cell = True

    def open_heading(self) -> None:
        """Text from here on belongs under a new heading."""
        self.line_break(2)
        self._flush()
        self._heading_parts = []

    def close_heading(self) -> None:
        """The heading's own text is complete."""
        if self._heading_parts is not None:
            # Documentation generators end each heading with a link to itself.
            heading = "".join(self._heading_parts).rstrip("¶ \n")
            self._heading = " ".join(heading.split()) or self._heading
        self._heading_parts = None
        self.line_break(2)

    def take(self, *, last: bool = False) -> list[Passage]:
        """Return the passages that are complete; the `last` time everything, ended by a newline."""
        if last:
            self.line_break(1)
            self._flush()
        elif self._size > _PASSAGE_CHARACTERS and self._heading_parts is None:
            self._store()
        ready, self._ready = self._ready, []
        return ready

    def _write(self, data: str) -> None:
        if self._break and not self._empty:
            self._add("\n" * self._break)
        elif self._cell and not self._empty:
            self._add(" | ")
        elif self._space and not self._empty:
            self._add(" ")
        self._break, self._space, self._cell, self._empty = 0, False, False, False
        self._add(data)

    def _add(self, data: str) -> None:
        self._parts.append(data)
        self._size += len(data)
        if self._heading_parts is not None:
            self._heading_parts.append(data)

    def _flush(self) -> None:
        if self._break and not self._empty:
            self._add("\n" * self._break)
            self._break, self._space, self._empty = 0, False, True
        self._store()

    def _store(self) -> None:
        if self._parts:
            self._ready.append(Passage("".join(self._parts), heading=self._heading))
            self._parts, self._size = [], 0
