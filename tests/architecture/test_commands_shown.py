"""What the papers tell people to type is there, with the options that they give it."""

import re
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from muniment.infra.cli.main import make_app

ROOT = Path(__file__).parents[2]
PAPERS = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
APP = get_command(make_app())
NO_COMMANDS = frozenset({"muniment signature v1"})
"""Words that look like one and are something else: here what signatures begin with."""


def shown(paper: Path) -> set[str]:
    """Every command line of ours in it: between backticks, or at the beginning of a line."""
    found = re.findall(r"(?:`|^(?:\$ )?)(muniment [a-z][^`\n]*)", paper.read_text("utf-8"), re.MULTILINE)
    return set(found) - NO_COMMANDS


def unknown(line: str) -> str:
    """What of a command line is not there; empty when all is."""
    words = re.sub(r"\"[^\"]*\"|'[^']*'", "WORDS", line.partition(" #")[0]).replace("[", "").replace("]", "").split()
    command: Any = APP
    for word in words[1:]:
        within = getattr(command, "commands", {})
        if word not in within:
            if command is APP or (within and "range" not in within and re.fullmatch(r"[a-z][a-z-]+", word)):
                return word
            break
        command = within[word]
    # `muniment export …` is short for `muniment export range …`.
    command = getattr(command, "commands", {}).get("range", command)
    known = {name for param in command.params for name in (*param.opts, *param.secondary_opts)}
    return " ".join(word for word in words if word.startswith("--") and word not in known)


@pytest.mark.parametrize("paper", PAPERS, ids=lambda path: path.name)
def test_commands_that_are_shown_are_there(paper: Path) -> None:
    """With these options."""
    assert {line: what for line in sorted(shown(paper)) if (what := unknown(line))} == {}


def test_a_slip_is_seen() -> None:
    """In a command, in one below it, and in an option; what is left open is none."""
    assert unknown("muniment serch words") == "serch"
    assert unknown("muniment dlq redriv --group F") == "redriv"
    assert unknown("muniment up --detached") == "--detached"
    assert unknown('muniment export documents --out files --reason "an --option"') == ""
    assert unknown("muniment jobs watch JOB…") == ""


@pytest.mark.parametrize("paper", PAPERS, ids=lambda path: path.name)
def test_tasks_that_are_shown_are_there(paper: Path) -> None:
    """Each `make TASK` is one of the Makefile."""
    tasks = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^\$ )make ([a-z-]+)", paper.read_text("utf-8"), re.MULTILINE))
    assert named - tasks == set()
