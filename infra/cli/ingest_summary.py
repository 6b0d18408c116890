"""What an ingest came to, as a person reads it."""

from rich.console import Console
from rich.text import Text

from muniment.infra.cli.render import COLOURS, duration, table
from muniment.infra.cli.tally import Tally

NAMED = 10


def show_summary(console: Console, tally: Tally, seconds: float, *, waited: bool) -> None:
    """A table of outcomes with their reasons, then the first things that did not go well."""
    well = [name for name in ("indexed", "unchanged") if tally.outcomes[name]]
    rows = [(Text(name, COLOURS[name]), tally.outcomes[name], "") for name in well]
    rows += [(Text("refused", "yellow"), count, code) for code, count in tally.refused.most_common()]
    rows += [(Text("failed", "red"), count, code) for code, count in tally.failed.most_common()]
    if tally.unfinished:
        rows.append((Text("not ended", "red"), tally.unfinished, "still under way: see `muniment jobs`"))
    if not waited and tally.submitted:
        rows.append((Text("submitted", "cyan"), tally.submitted, "under way: see `muniment jobs`"))
    rows += [(Text("skipped", "dim"), count, reason) for reason, count in tally.skipped.most_common()]
    if rows:
        console.print(table(("outcome", "files", "reason"), rows, right=frozenset({"files"})))
    for problem in tally.problems[:NAMED]:
        line = Text.assemble((problem["outcome"], "yellow"), f"  {problem['path']}: {problem['why']}")
        console.print(line, soft_wrap=True)
    if len(tally.problems) > NAMED:
        console.print(f"… and {len(tally.problems) - NAMED} more: `--json` lists them", style="dim")
    console.print(_last_line(tally, seconds))


def _last_line(tally: Tally, seconds: float) -> str:
    if not tally.found:
        return "nothing to take in"
    parts = [f"{tally.found} document{'' if tally.found == 1 else 's'} in {duration(seconds)}"]
    if tally.chunks:
        parts.append(f"{tally.chunks} chunks")
    if tally.retries:
        parts.append(f"{tally.retries} retries")
    if tally.first_indexed_s is not None:
        parts.append(f"the first searchable after {duration(tally.first_indexed_s)}")
    return ", ".join(parts)
