"""An export from its plan to its manifest."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from muniment.infra.exporting.folder import OPENED, ExportFolder
from muniment.infra.exporting.formats import format_of
from muniment.infra.exporting.plan import UNIT, Span, spans
from muniment.infra.exporting.reading import LogReader
from muniment.infra.exporting.rows import Row, kind_of, opened_row, raw_kind, sealed_row
from muniment.infra.exporting.selection import Selection
from muniment.infra.exporting.unit import RowsOf, Unit
from muniment.producers.key_ring import KeyRing
from muniment.producers.log_codec import keys_named, keys_of
from muniment.schemas.event import REGISTRY
from muniment.schemas.record import Record
from muniment.schemas.topics import MAX_AHEAD_MS

VERSION = 1
"""Of the manifest's form."""
BY_TIME_INDEX = (
    "a span begins at the first record that is not before the time it was asked from, and ends before the first one "
    "that is not before the time it was asked to: after a record whose time is ahead, later ones of the time asked for "
    f"lie outside of it. The broker refuses times more than {MAX_AHEAD_MS // 60_000} minutes ahead of its own where "
    "the topic is as declared: by what came since that was set, only records of these minutes before the end, and such "
    "as came late, can lie outside"
)
"""What a manifest says of a range of time: the broker finds offsets for moments, and programs set records' times."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be exported, and how.

    `about` is what its entries on the trail are about; one that goes on keeps that of its beginning. `keys` opens
    personal fields; `opened_by` then says who wanted it and why, and `opens` hears of rows that were opened before
    any of them is written.
    """

    selection: Selection
    form: str
    muniment: str
    about: str = ""
    keys: KeyRing | None = None
    opened_by: dict[str, str] | None = None
    opens: Callable[[Sequence[Row]], None] | None = None
    unit: int = UNIT

    def asked(self) -> dict[str, Any]:
        """The same for the same order: what an interrupted export is recognised by."""
        return asked(self.selection, self.form, opens=self.keys is not None)


def asked(selection: Selection, form: str, *, opens: bool) -> dict[str, Any]:
    """What an order for this asks."""
    wanted = {name: _plain(value) for name, value in asdict(selection).items()}
    return {"format": form, "personal": OPENED if opens else "sealed", "selection": wanted}


async def export(
    order: Order, folder: ExportFolder, reader: LogReader, now: datetime, tell: Callable[[int, int], None]
) -> tuple[dict[str, Any], str]:
    """Carry an order out, or go on with it; the manifest and its SHA-256. `tell` hears offsets done, and of how many.

    Raises:
        BadRange: the log does not hold what was asked for.
        NotSetError: the folder holds something else, or the form's library is not installed.
        StepFailure: `log_unavailable`, `database_unavailable`, `key_ring_unusable`; the same command goes on from
            there.

    """
    form = format_of(order.form)
    plan = folder.begin(order.asked())
    if plan is None:
        plan = await _planned(order, reader, now)
        folder.planned(plan)
    wanted = tuple(Span(**span) for span in plan["spans"])
    total = sum(span.end - span.first for span in wanted)
    rows_of = _opened(order.keys, order.opens) if order.keys else _sealed
    told: dict[str, list[dict[str, Any]]] = {span.name_in_log: [] for span in wanted}
    done = 0
    for span in wanted:
        for piece in span.units(plan["unit"]):
            unit = Unit(folder, piece, form, rows_of)
            told[span.name_in_log].append(folder.done(unit.name) or await _carried_out(unit, piece, order, reader))
            done += piece.end - piece.first
            tell(done, total)
    manifest = _manifest(order, plan, wanted, told)
    return manifest, folder.finish(manifest)


async def _planned(order: Order, reader: LogReader, now: datetime) -> dict[str, Any]:
    asked = order.selection
    bounds = await reader.bounds({one.topic for one in asked.ranges}, asked.since, asked.until)
    found = spans(asked.ranges, bounds, until_given=asked.until is not None)
    return {
        "asked": order.asked(),
        "about": order.about,
        "begun_at": now.isoformat(),
        "unit": order.unit,
        "spans": [span.as_json() for span in found],
    }


async def _carried_out(unit: Unit, piece: Span, order: Order, reader: LogReader) -> dict[str, Any]:
    async for records in reader.read(piece):
        unit.saw(records)
        await unit.add([record for record in records if order.selection.takes(record)])
    return unit.finish()


async def _sealed(records: Sequence[Record]) -> list[Row]:
    return [sealed_row(record) for record in records]


def _opened(keys: KeyRing, opens: Callable[[Sequence[Row]], None] | None) -> RowsOf:
    async def rows(records: Sequence[Record]) -> list[Row]:
        wanted = keys_named(records)
        key_of = keys_of(wanted, await keys.find(wanted) if wanted else {})
        made = [opened_row(record, key_of) for record in records]
        if opens is not None:
            opens(made)
        return made

    return rows


def _manifest(
    order: Order, plan: dict[str, Any], wanted: Sequence[Span], told: dict[str, list[dict[str, Any]]]
) -> dict[str, Any]:
    files = [one for units in told.values() for unit in units for one in unit["files"]]
    kinds = sorted({one["event"] for one in files})
    opened = order.keys is not None
    schemas = {name: kind_of(REGISTRY[name], opened=opened) if name in REGISTRY else raw_kind() for name in kinds}
    return {
        "version": VERSION,
        "muniment": order.muniment,
        "begun_at": plan["begun_at"],
        **plan["asked"],
        **({"opened": order.opened_by} if opened else {}),
        "rows": sum(one["rows"] for one in files),
        **({"bounds": BY_TIME_INDEX} if order.selection.since or order.selection.until else {}),
        "closed": all(span.closed for span in wanted),
        "whole": all(not span.cut and not any(unit["gaps"] for unit in told[span.name_in_log]) for span in wanted),
        "spans": [_span(span, told[span.name_in_log]) for span in wanted],
        "files": files,
        "schemas": {name: {"schema_id": kind.schema_id, "avro": kind.schema} for name, kind in schemas.items()},
    }


def _span(span: Span, units: Sequence[dict[str, Any]]) -> dict[str, Any]:
    removed = [{"first": span.first - span.cut, "last": span.first - 1, "why": "removed"}] if span.cut else []
    missing: list[dict[str, Any]] = []
    for first, last in (gap for unit in units for gap in unit["gaps"]):
        if missing and missing[-1]["last"] + 1 == first:
            missing[-1]["last"] = last
        else:
            missing.append({"first": first, "last": last, "why": "not_given"})
    return {
        "topic": span.topic,
        "partition": span.partition,
        "first": span.first,
        "end": span.end,
        "closed": span.closed,
        "records": sum(unit["seen"] for unit in units),
        "rows": sum(one["rows"] for unit in units for one in unit["files"]),
        "gaps": removed + missing,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value
