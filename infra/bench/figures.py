"""What was measured, what was wanted, and by how much it was missed. Pure but for the table and the file."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the result. A figure without a target is printed for information.

    `at_least` says which side of the target is the good one; `note` says why a target was missed, or how it was
    measured.
    """

    name: str
    value: float
    unit: str
    target: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target was met; `None` without one."""
        if self.target is None:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target

    @property
    def missed_by(self) -> str:
        """How far off a missed target is, in the figure's unit and in per cent; empty when it was met."""
        if self.target is None or self.met:
            return ""
        off = abs(self.value - self.target)
        share = f" ({off / abs(self.target):.0%})" if self.target else ""
        return f"{shown(off)} {self.unit}{share}".replace("  ", " ").strip()

    def as_dict(self) -> dict[str, Any]:
        """What stands in `bench.json`."""
        return {
            "name": self.name,
            "value": round(self.value, 4),
            "unit": self.unit,
            "target": self.target,
            "met": self.met,
        }


def shown(value: float) -> str:
    """A number as a person wants to read it: three or four digits that count."""
    if value == int(value) or abs(value) >= 100:  # noqa: PLR2004 - from here on a fraction says nothing
        return f"{value:,.0f}"
    return f"{value:.3g}"


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of `values` that at least `share` (0 to 1) of them do not exceed (nearest rank).

    Raises `ValueError` without values.
    """
    if not values:
        raise ValueError("no values, no percentile")
    ordered = sorted(values)
    # Rounded first, lest 0.95 * 60 = 57.00000000000001 ask for the 58th.
    rank = -int(-round(share * len(ordered), 9) // 1)
    return ordered[min(max(rank, 1), len(ordered)) - 1]


def show(console: Console, figures: Sequence[Figure]) -> None:
    """Print the table, and under it how and why, where a figure has something to say."""
    table = Table(title="bench", title_justify="left")
    table.add_column("figure", overflow="fold")
    table.add_column("value", justify="right")
    table.add_column("target", justify="right")
    table.add_column("met")
    table.add_column("missed by", overflow="fold")
    for figure in figures:
        met = {None: "", True: "[green]yes[/]", False: "[red]no[/]"}[figure.met]
        target = "" if figure.target is None else f"{'≥' if figure.at_least else '≤'} {shown(figure.target)}"
        table.add_row(figure.name, f"{shown(figure.value)} {figure.unit}".strip(), target, met, figure.missed_by)
    console.print(table)
    for figure in figures:
        if figure.note:
            console.print(f"{figure.name}: {figure.note}", style="dim", markup=False)


def write(path: Path, figures: Sequence[Figure]) -> None:
    """Write `bench.json`."""
    path.write_text(json.dumps([figure.as_dict() for figure in figures], indent=2) + "\n")
