"""`make chaos SEEDS=n FIRST=k`: seeds through one real stack, with kills, a bad provider, and an exact look afterwards.

Several runs on one revision of the sources add up: in `.muniment/chaos.jsonl`, and so in `.muniment/chaos.json`. Exit
code 1 when any check fails, of this run or of one before it on this revision.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from chaos import report
from chaos.corpus import DOCUMENTS
from chaos.running import run_seeds
from chaos.seed import Verdict
from support.stack import INSTALLED


def main() -> int:
    """Run, print, write `.muniment/chaos.json` and a line for each seed to `.muniment/chaos.jsonl`."""
    # As Ctrl-C, also when it was started where that is ignored: whatever ends this, the stack is taken down.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    parser = argparse.ArgumentParser(prog="make chaos")
    parser.add_argument("--seeds", type=int, default=5, help="how many")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--documents", type=int, default=DOCUMENTS, help="submissions in a seed")
    given = parser.parse_args()
    seeds = range(given.first, given.first + given.seeds)
    out = INSTALLED / "chaos"
    out.mkdir(parents=True, exist_ok=True)
    of, lines = report.revision(INSTALLED.parent), INSTALLED / "chaos.jsonl"

    def note(verdict: Verdict) -> None:
        report.note(lines, verdict, of=of, documents=given.documents)

    with tempfile.TemporaryDirectory(prefix="muniment-chaos-") as work:
        ran = run_seeds(seeds, out, Path(work), documents=given.documents, say=_say, note=note)
        verdicts = asyncio.run(ran)
    mine = report.summary(verdicts)
    _say(f"this run: {_told(mine)}")
    # Of sources that nobody can name, nothing that was run before is known to be the same.
    figures = report.summary(report.noted(lines, of=of, documents=given.documents)) if of else mine
    report.write(INSTALLED / "chaos.json", {"revision": of, **figures})
    wrong = report.failed(figures)
    _say(f"revision {of or 'unknown'}: {_told(figures)}")
    _say(f"FAILED: {'; '.join(wrong)}; see {out}" if wrong else f"all {figures['seeds']} seeds are good")
    return 1 if wrong else 0


def _told(figures: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in figures.items())


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
