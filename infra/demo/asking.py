"""Asks the ten questions over HTTP and prints the answers as a person wants to see them."""

from dataclasses import dataclass
from typing import Any

from rich.console import Console

from muniment.infra.cli.client import Client
from muniment.infra.demo.questions import QUESTIONS, Question

TOP = 5
SHOWN = 2


@dataclass(frozen=True, slots=True)
class Answered:
    """One question, its hits, and whether the right document was among the first five."""

    question: Question
    hits: list[dict[str, Any]]
    took_ms: float
    hit: bool


async def ask_all(api: Client) -> list[Answered]:
    """Every question, one after the other."""
    return [await _ask(api, question) for question in QUESTIONS]


async def _ask(api: Client, question: Question) -> Answered:
    found = await api.get("/v1/search", q=question.text, mode="hybrid", k=TOP)
    hit = any(each["file_name"] == question.answer for each in found["hits"])
    return Answered(question, found["hits"], found["took_ms"], hit)


def show(console: Console, answers: list[Answered]) -> None:
    """Print question, verdict, and the best passages with where they stand."""
    for number, answer in enumerate(answers, start=1):
        verdict = "[green]found[/]" if answer.hit else "[red]missed[/]"
        console.print(f"\n[bold]{number:2}. {answer.question.text}[/]  {verdict} in {answer.took_ms:.0f} ms")
        for each in answer.hits[:SHOWN]:
            console.print(f"    [cyan]{each['file_name']}[/] {_place(each)}  score {each['scores']['score']:.4f}")
            console.print(f"      {_one_line(each['text'])}", style="dim", markup=False, highlight=False)


def _place(hit: dict[str, Any]) -> str:
    parts = [f"v{hit['version']}"]
    if hit["page"] is not None:
        parts.append(f"page {hit['page']}")
    if hit["heading"]:
        parts.append(f"under “{hit['heading'][:40]}”")
    parts.append(f"characters {hit['start']}–{hit['end']}")
    return ", ".join(parts)


def _one_line(text: str, width: int = 100) -> str:
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1] + "…"
