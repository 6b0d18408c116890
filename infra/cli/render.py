"""How answers look to a person."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

COLOURS = {
    "indexed": "green",
    "done": "green",
    "unchanged": "green",
    "refused": "yellow",
    "rejected": "yellow",
    "cancelled": "yellow",
    "failed": "red",
    "dead": "red",
    "waiting": "yellow",
    "quarantined": "red",
    "failed_again": "red",
    "redriven": "green",
    "discarded": "dim",
    "expired": "dim",
    "stopped": "yellow",
    "canary_failed": "red",
    "halted": "red",
    "open": "red",
    "closed": "green",
    "on": "green",
    "off": "dim",
}
SNIPPET = 240
FOLDABLE = 24
"""Characters of a line with which a column is content."""
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    right: Collection[str] = (),
    whole: Collection[str] = (),
    spare: Sequence[str] = (),
    width: int | None = None,
) -> Table:
    """A plain table; the columns named in `right` are numbers, those in `whole` are never broken: ids to be copied.

    Where all does not fit into `width`, columns named in `spare` are left out, the first one first.
    """
    cells = [[cell if isinstance(cell, Text) else Text("" if cell is None else str(cell)) for cell in r] for r in rows]
    kept = _fitting(columns, cells, whole=whole, spare=spare, width=width)
    out = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for number in kept:
        name = columns[number]
        out.add_column(
            name, justify="right" if name in right else "left", overflow="fold", no_wrap=name in whole or name in right
        )
    for row in cells:
        out.add_row(*[row[number] for number in kept])
    return out


def _fitting(
    columns: Sequence[str],
    cells: Sequence[Sequence[Text]],
    *,
    whole: Collection[str],
    spare: Sequence[str],
    width: int | None,
) -> list[int]:
    wide = [max([len(name), *(row[i].cell_len for row in cells)]) for i, name in enumerate(columns)]
    # What may be folded is content with less than its longest.
    needed = [w if name in whole else min(w, FOLDABLE) for w, name in zip(wide, columns, strict=True)]
    kept = list(range(len(columns)))
    for name in spare:
        if width is None or sum(needed[i] + 2 for i in kept) - 2 <= width:
            break
        kept = [i for i in kept if columns[i] != name]
    return kept


def state(name: str) -> Text:
    """A state in its colour."""
    return Text(name, style=COLOURS.get(name, "cyan"))


def size(count: int | None) -> str:
    """Bytes as a person says them."""
    if count is None:
        return ""
    amount, unit = float(count), "B"
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024 or unit == "GiB":  # noqa: PLR2004 - bytes to a unit
            break
        amount /= 1024
    return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"


def ago(moment: str | None, now: datetime | None = None) -> str:
    """How long ago a moment (ISO 8601) was, roughly."""
    if not moment:
        return ""
    seconds = ((now or datetime.now(UTC)) - datetime.fromisoformat(moment)).total_seconds()
    for limit, step, unit in ((_MINUTE, 1, "s"), (_HOUR, _MINUTE, "min"), (_DAY, _HOUR, "h")):
        if seconds < limit:
            return f"{max(0, seconds) // step:.0f} {unit} ago"
    return f"{seconds // _DAY:.0f} d ago"


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    return f"{seconds // _MINUTE:.0f} min {seconds % _MINUTE:.0f} s"


def progress(job: Mapping[str, Any]) -> str:
    """Where a job is: its step and how much of it is done."""
    if job["ended"]:
        return ""
    done = job.get("progress")
    step = job.get("step") or "waiting"
    if job.get("retry_due_at"):
        return f"{step}: retry due {job['retry_due_at'][11:19]}"
    return f"{step} {done['done']}/{done['total']} {done['unit']}" if done else step


def came_to(job: Mapping[str, Any]) -> str:
    """In a word or two: where a job is, what it made, or why it did not."""
    if not job["ended"]:
        return progress(job)
    if job.get("error"):
        return str(job["error"]["code"])
    return f"{job['chunks']} chunks" if job.get("chunks") else ""


def why(row: Mapping[str, Any]) -> str:
    """Why something did not end well."""
    error = row.get("error")
    return f"{error['code']}: {error['reason']}" if error else ""


def snippet(text: str, highlights: Sequence[Mapping[str, int]], width: int = SNIPPET) -> Text:
    """The part of a hit around its first highlight, on one line, with the words found in bold."""
    first = highlights[0]["start"] if highlights else 0
    start = max(0, first - width // 3)
    end = min(len(text), start + width)
    out = Text("…" if start else "")
    at = start
    for mark in highlights:
        if mark["end"] <= start or mark["start"] >= end:
            continue
        out.append(_line(text[at : max(at, mark["start"])]))
        out.append(_line(text[max(at, mark["start"]) : min(mark["end"], end)]), style="bold yellow")
        at = max(at, min(mark["end"], end))
    out.append(_line(text[at:end]))
    if end < len(text):
        out.append("…")
    return out


def place(hit: Mapping[str, Any]) -> str:
    """Where a hit stands: page, heading, characters."""
    parts = [f"page {hit['page']}" if hit.get("page") else "", hit.get("heading") or ""]
    parts.append(f"characters {hit['start']}–{hit['end']}")
    return " · ".join(part for part in parts if part)


def scores(hit: Mapping[str, Any]) -> str:
    """What each arm thinks of a hit."""
    found = hit["scores"]
    ranks = [f"{arm} #{found[f'{arm}_rank']}" for arm in ("vector", "text") if found.get(f"{arm}_rank")]
    return "  ".join([f"{found['score']:.3f}", *ranks])


def show_hits(console: Console, found: Mapping[str, Any]) -> None:
    """The hits of a search."""
    count = len(found["hits"])
    console.print(
        Text.assemble(
            (f"{count} hit{'' if count == 1 else 's'}", "bold"), f" in {found['took_ms']:.0f} ms, {found['mode']}"
        )
    )
    if found.get("degraded"):
        console.print(f"[yellow]by words only: {found['degraded']}[/]")
    for number, hit in enumerate(found["hits"], 1):
        title = hit.get("title") or hit["file_name"]
        console.print(Text.assemble(f"\n{number:>2}  ", (title, "bold"), f"  {scores(hit)}"))
        for line in (
            Text(place(hit), style="dim"),
            snippet(hit["text"], hit["highlights"]),
            Text(f"document {hit['document_id']} version {hit['version']}", style="dim"),
        ):
            console.print(Padding(line, (0, 0, 0, 4), expand=False))


def _line(text: str) -> str:
    return " ".join(text.split()).join((" " if text[:1].isspace() else "", " " if text[-1:].isspace() else ""))
