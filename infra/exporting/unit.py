"""One unit of an export: a piece of one partition, as one file for each kind of record in it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from muniment.infra.exporting.folder import ExportFolder, sha256
from muniment.infra.exporting.formats import Format, RowFile
from muniment.infra.exporting.plan import Span
from muniment.infra.exporting.rows import Kind, Row
from muniment.schemas.record import Record

HELD_BYTES = 16 * 1024 * 1024
"""Of values that wait to be written, over all files of a unit."""
HELD_ROWS = 5000
"""The same in rows: small values, too, make rows of a few kilobytes."""

RowsOf = Callable[[Sequence[Record]], Awaitable[list[Row]]]


@dataclass
class _Open:
    """A file that is being written."""

    path: str
    kind: Kind
    file: RowFile
    waiting: list[dict[str, Any]] = field(default_factory=list)
    rows: int = 0
    first: int = -1
    last: int = -1

    def flush(self) -> None:
        if self.waiting:
            self.file.write(self.waiting)
            self.waiting = []


class Unit:
    """Takes the records of a span and writes them; nothing appears before `finish`."""

    def __init__(self, folder: ExportFolder, span: Span, form: Format, rows_of: RowsOf) -> None:
        self._folder = folder
        self._span = span
        self._form = form
        self._rows_of = rows_of
        self._open: dict[str, _Open] = {}
        self._held = self._rows = 0
        self._next = span.first
        self._seen = 0
        self._gaps: list[list[int]] = []

    @property
    def name(self) -> str:
        """Under which it is noted as finished."""
        return f"{self._span.topic}-{self._span.name}"

    def saw(self, records: Sequence[Record]) -> None:
        """Note which offsets there were; the others are gaps."""
        for record in records:
            offset = record.offset or 0
            if offset > self._next:
                self._gaps.append([self._next, offset - 1])
            self._next = offset + 1
        self._seen += len(records)

    async def add(self, records: Sequence[Record]) -> None:
        """Write those that are wanted."""
        for record, (kind, row) in zip(records, await self._rows_of(records), strict=True):
            one = self._open.get(kind.name) or self._create(kind)
            one.waiting.append(row)
            one.rows += 1
            one.last = row["_offset"]
            if one.first < 0:
                one.first = one.last
            self._held += len(record.value)
            self._rows += 1
        if self._held > HELD_BYTES or self._rows > HELD_ROWS:
            self._flush()

    def finish(self) -> dict[str, Any]:
        """Let its files appear, and say what is in them."""
        if self._next < self._span.end:
            self._gaps.append([self._next, self._span.end - 1])
        self._flush()
        for one in self._open.values():
            one.file.close()
        told = {"seen": self._seen, "gaps": self._gaps, "files": [self._told(one) for one in self._open.values()]}
        self._folder.finish_unit(self.name, told)
        return told

    def _create(self, kind: Kind) -> _Open:
        path = f"{self._span.topic}/{kind.name}/{self._span.name}.{self._form.name}"
        one = self._open[kind.name] = _Open(path, kind, self._form.create(self._folder.draft(path), kind))
        return one

    def _flush(self) -> None:
        for one in self._open.values():
            one.flush()
        self._held = self._rows = 0

    def _told(self, one: _Open) -> dict[str, Any]:
        draft: Path = self._folder.draft(one.path)
        return {
            "path": one.path,
            "rows": one.rows,
            "bytes": draft.stat().st_size,
            "sha256": sha256(draft),
            "topic": self._span.topic,
            "partition": self._span.partition,
            "first_offset": one.first,
            "last_offset": one.last,
            "event": one.kind.name,
            "schema_id": one.kind.schema_id,
        }
