"""How watched jobs are shown: live in a terminal, a line a change elsewhere, or as JSON."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

from muniment.infra.cli import render
from muniment.infra.cli.watching import Show, line

ROWS = 15
"""Open jobs in the live table; the others are counted."""


@contextmanager
def view(*, as_json: bool, console: Console | None = None) -> Iterator[Show]:
    """What to call with every job that has changed."""
    out = console or Console()
    if as_json:
        yield lambda job: print(json.dumps(job, ensure_ascii=False), flush=True)
    elif not out.is_terminal:
        yield lambda job: print(line(job), flush=True)
    else:
        table = LiveTable(out)
        with Live(table.shown(), console=out, auto_refresh=True, refresh_per_second=4, transient=True) as live:

            def show(job: Mapping[str, Any]) -> None:
                table.learn(job)
                live.update(table.shown())

            yield show


class LiveTable:
    """Open jobs with their progress; what has ended is printed above, once."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._open: dict[str, Mapping[str, Any]] = {}
        self._ended = 0

    def learn(self, job: Mapping[str, Any]) -> None:
        """A job has changed."""
        if not job["ended"]:
            self._open[job["job_id"]] = job
            return
        self._open.pop(job["job_id"], None)
        self._ended += 1
        self._console.print(line(job), markup=False, highlight=False, soft_wrap=True)

    def shown(self) -> Table:
        """The table of the moment, work under way first."""
        jobs = sorted(self._open.values(), key=lambda job: (job["state"] == "queued", job["submitted_at"]))
        rows = [(job["job_id"], render.state(job["state"]), line(job).split("  ", 2)[-1]) for job in jobs[:ROWS]]
        more = f" ({len(jobs) - ROWS} more)" if len(jobs) > ROWS else ""
        found = render.table(("job", "state", "progress"), rows, whole={"job"}, width=self._console.width)
        found.caption = f"{len(jobs)} open{more}, {self._ended} ended"
        return found
