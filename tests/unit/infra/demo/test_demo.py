"""The demo's own parts: its questions have their documents, and what it prints to go on can be typed."""

import re
import subprocess
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from muniment.infra.demo import __main__ as demo
from muniment.infra.demo import asking, corpus
from muniment.infra.demo.questions import QUESTIONS


def hit(name: str) -> dict[str, object]:
    place = {"version": 1, "page": None, "heading": "A heading", "start": 3, "end": 9}
    return {"file_name": name, "text": "[bold]some\ntext[/]", "scores": {"score": 0.03}, **place}


class Api:
    """Answers each question with the same hits."""

    async def get(self, path: str, **how: object) -> dict[str, object]:
        assert (path, how["mode"], how["k"]) == ("/v1/search", "hybrid", 5)
        return {"hits": [hit("heapq.txt"), hit("csv.txt")], "took_ms": 3.0}


def test_every_question_has_its_document() -> None:
    """Ten questions, each about a document that the demo takes in, each once."""
    names = {f"{name}.txt" for name in corpus.MODULES} | {"kiwipiepy-documentation.md", "holidayskr-metadata.md"}
    assert len(QUESTIONS) == len({question.text for question in QUESTIONS}) == 10
    assert {question.answer for question in QUESTIONS} <= names
    assert len(set(corpus.MODULES)) == len(corpus.MODULES) >= 60


async def test_a_question_is_answered_by_its_document_only() -> None:
    """Any of the first five hits counts; what is shown is text, never markup."""
    answers = await asking.ask_all(Api())  # type: ignore[arg-type]
    assert {a.question.answer for a in answers if a.hit} == {"heapq.txt", "csv.txt"}
    out = StringIO()
    asking.show(Console(file=out, width=80), answers)
    shown = out.getvalue()
    assert "[bold]some text[/]" in shown
    assert "found in 3 ms" in shown
    assert "missed" in shown


def test_nine_answers_and_nothing_lost_is_good() -> None:
    """Fewer answers, a lost document or a dead letter make the demo fail."""
    well = {"hits_at_5": 9, "lost": 0, "dead_letters": 0}
    assert demo._good(well)
    for bad in ({"hits_at_5": 8}, {"lost": 1}, {"dead_letters": 1}):
        assert not demo._good({**well, **bad})


def test_what_it_says_to_type_can_be_typed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whole, however narrow the terminal: it is there to be copied, from where the demo was run."""
    result = dict.fromkeys(("hits_at_5", "questions", "documents", "chunks", "refused", "dead_letters", "lost"), 1)
    home = tmp_path / ("deep" * 20)
    demo._verdict({**result, "seconds": 1.0}, home)
    *_, stopping = re.findall("`([^`]*)`", capsys.readouterr().out)
    done = subprocess.run(["/bin/bash", "-c", stopping], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout.strip()) == (0, f"nothing runs in {home}")
