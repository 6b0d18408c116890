"""What runs of seeds came to: a line each, a summary, `chaos.json`, and everything about the seeds that failed.

`chaos.jsonl` has a line for every seed that was ever run, with the revision of the sources that it was run on: several
runs on one revision add up. All lines count, also two of one seed: a seed that fails is not made good by another try.
"""

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from chaos.checks import Run
from chaos.plan import Plan
from chaos.seed import Verdict

PAID_TWICE_MOST = 0.001
COUNTS = ("lost", "doubled", "order_breaks", "early_retries", "unended", "changed", "readable")
HEAD = "  seed   s  recovery  lost doubled order early unended changed readable  paid twice  kills"


def line(one: Verdict) -> str:
    """One seed in a line."""
    counts = [len(getattr(one, name)) for name in COUNTS]
    shown = "{:5d} {:7d} {:5d} {:5d} {:7d} {:7d} {:8d}".format(*counts)
    share = f"{one.paid_again}/{one.texts}"
    took = "; ".join((*one.kills, f"times {one.notes.get('times', {})}"))
    return f"{one.seed:6d} {one.seconds:4.0f} {one.recovery_s:8.1f}s {shown} {share:>11}  {took}"


def summary(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """The figures of `chaos.json`."""
    aimed = [one for one in verdicts if one.at_payment]
    figures: dict[str, Any] = {"seeds": len(verdicts)}
    figures |= {name: sum(len(getattr(one, name)) for one in verdicts) for name in COUNTS}
    figures["paid_twice_share"] = _share(verdicts)
    figures["paid_twice_share_at_payment"] = _share(aimed)
    figures["paid_twice_share_otherwise"] = _share([one for one in verdicts if not one.at_payment])
    figures["worst_recovery_s"] = round(max((one.recovery_s for one in verdicts), default=0.0), 1)
    figures["failed_seeds"] = [one.seed for one in verdicts if one.breaches]
    figures["texts"] = sum(one.texts for one in verdicts)
    figures["paid_twice"] = sum(one.paid_again for one in verdicts)
    figures["seeds_at_payment"] = len(aimed)
    figures["kills"] = sum(len(one.kills) for one in verdicts)
    return figures


def _share(verdicts: Sequence[Verdict]) -> float:
    texts = sum(one.texts for one in verdicts)
    return round(sum(one.paid_again for one in verdicts) / texts, 6) if texts else 0.0


def failed(figures: dict[str, Any], *, paid_twice_most: float = PAID_TWICE_MOST) -> list[str]:
    """What is not as it has to be; empty when the run is good."""
    found = [f"{name}: {figures[name]}" for name in COUNTS if figures[name]]
    if figures["paid_twice_share"] > paid_twice_most:
        found.append(
            f"paid_twice_share: {figures['paid_twice_share']:.4%}, and at most {paid_twice_most:.1%} is allowed"
        )
    if not figures["seeds"]:
        found.append("no seed was run")
    return found


def revision(root: Path) -> str:
    """Of the sources in a folder, with `-dirty` when they differ from it; empty when nobody can say."""
    words = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def note(file: Path, verdict: Verdict, *, of: str, documents: int) -> None:
    """Append a seed that was run on the revision `of`, with so many documents."""
    line = {"revision": of, "documents": documents, **asdict(verdict)}
    with file.open("a") as lines:
        lines.write(json.dumps(line, default=str) + "\n")


def noted(file: Path, *, of: str, documents: int) -> list[Verdict]:
    """Every seed that was run on that revision with so many documents, in the order in which they were run."""
    lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    names = {one.name for one in fields(Verdict)}
    return [
        Verdict(**{name: value for name, value in line.items() if name in names})
        for line in lines
        if (line["revision"], line["documents"]) == (of, documents)
    ]


def keep(folder: Path, logs: Path, *, plan: Plan, verdict: Verdict, calm: Run, run: Run | None) -> None:
    """Everything about a seed that failed: plan, breaches, both views, the tenant's log, what the parts wrote."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write(folder / "plan.json", asdict(plan))
    write(folder / "breaches.json", {"breaches": verdict.breaches, "kills": verdict.kills, "notes": verdict.notes})
    if run is not None:
        write(folder / "views.json", {"wanted": calm.view, "got": run.view})
        facts = sorted(run.facts, key=lambda fact: (fact.at_ms, fact.topic, fact.offset))
        (folder / "log.jsonl").write_text("".join(f"{json.dumps(asdict(fact))}\n" for fact in facts))
    shutil.copytree(logs, folder / "logs", dirs_exist_ok=True)


def write(file: Path, value: Any) -> None:
    """As JSON that a person can read."""
    file.write_text(json.dumps(value, indent=1, default=str) + "\n")
