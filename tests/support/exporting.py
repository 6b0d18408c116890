"""A log for exports: records in memory, read as the real reader reads them."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from muniment.infra.exporting.folder import ExportFolder
from muniment.infra.exporting.formats import FORMATS
from muniment.infra.exporting.plan import Bounds, Partition, Span
from muniment.infra.exporting.rows import RAW, Kind
from muniment.infra.exporting.run import Order, export
from muniment.infra.exporting.selection import Range, Selection
from muniment.infra.exporting.verifying import kind_in
from muniment.schemas.codec import wire_value
from muniment.schemas.event import REGISTRY
from muniment.schemas.record import Record

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@dataclass
class FakeLog:
    """Records by partition; `begins` is where retention has cut, and `breaks_after` ends the reading of a batch."""

    records: dict[Partition, list[Record]]
    begins: dict[Partition, int] = field(default_factory=dict)
    breaks_after: int | None = None
    read_spans: list[Span] = field(default_factory=list)

    async def bounds(
        self, topics: Iterable[str], since: datetime | None, until: datetime | None
    ) -> dict[Partition, Bounds]:
        wanted = set(topics)
        return {
            place: Bounds(
                self.begins.get(place, 0),
                max((one.offset or 0) + 1 for one in records),
                None if since is None else _first(records, since),
                None if until is None else _first_or_none(records, until),
            )
            for place, records in self.records.items()
            if place[0] in wanted
        }

    async def read(self, span: Span) -> AsyncIterator[list[Record]]:
        self.read_spans.append(span)
        found = [r for r in self.records[span.topic, span.partition] if span.first <= (r.offset or 0) < span.end]
        for begin in range(0, len(found), 7):
            if self.breaks_after is not None:
                self.breaks_after -= 1
                if self.breaks_after < 0:
                    raise InterruptedError("killed here")
            yield found[begin : begin + 7]


def _first_or_none(records: Sequence[Record], moment: datetime) -> int | None:
    millis = moment.timestamp() * 1000
    return next((r.offset for r in records if (r.timestamp_ms or 0) >= millis), None)


def _first(records: Sequence[Record], moment: datetime) -> int:
    found = _first_or_none(records, moment)
    return (records[-1].offset or 0) + 1 if found is None else found


def laid(records: Sequence[Record], *, partition: int = 0, first: int = 0, every_ms: int = 1000) -> list[Record]:
    """The records at offsets in a row, one each second."""
    start = int(NOW.timestamp() * 1000)
    return [
        replace(one, partition=partition, offset=first + i, timestamp_ms=start + i * every_ms)
        for i, one in enumerate(records)
    ]


async def exported(log: Any, path: Path, form: str, selection: Selection, **how: Any) -> dict[str, Any]:
    """Export, and give the manifest."""
    manifest, _ = await export(Order(selection, form, "1.0", **how), ExportFolder(path), log, NOW, lambda *_: None)
    return manifest


def everything(*topics: str) -> Selection:
    """All of these topics."""
    return Selection(tuple(Range(topic) for topic in topics))


def read_back(path: Path) -> list[Record]:
    """Every record of an export, in the order of their places."""
    manifest = ExportFolder(path).manifest()
    found = [
        record_of_row(kind_in(manifest, one["event"]), row)
        for one in manifest["files"]
        for row in FORMATS[manifest["format"]].read(path / one["path"], kind_in(manifest, one["event"]))
    ]
    return sorted(found, key=lambda record: (record.topic, record.partition or 0, record.offset or 0))


def record_of_row(kind: Kind, row: Mapping[str, Any]) -> Record:
    """The record that a sealed row was made of."""
    if kind.name == RAW:
        value = row["_value"]
    else:
        declared = REGISTRY[kind.name]
        value = wire_value(declared, {field["name"]: row[field["name"]] for field in declared.schema["fields"]})
    return Record(
        topic=row["_topic"],
        key=row["_key"],
        value=value,
        headers=tuple((one["name"], one["value"]) for one in row["_headers"]),
        partition=row["_partition"],
        offset=row["_offset"],
        timestamp_ms=row["_timestamp_ms"],
    )
