"""Every command of the command line is on the trail, or does nothing that has to be."""

import inspect
import sys
from collections.abc import Iterator
from typing import Any

import typer.main

from muniment.infra.cli.main import make_app

BY_THE_API = "asks the API, which enters it"
LOOKS = "looks at what is no text of documents: states, names, numbers, ciphertext"
RUNS = "runs or looks at processes of this machine; what they do is entered by them"
ITSELF = "enters it itself (`infra.acting`)"
COMMANDS = {
    **dict.fromkeys(
        [
            "ingest", "search", "history", "jobs list", "jobs show", "jobs watch", "jobs cancel", "dlq groups",
            "dlq list", "dlq show", "dlq redrives", "dlq redrive", "dlq discard", "dlq edit", "dlq stop", "steps list",
            "steps halt", "steps resume", "breakers list", "breakers reset", "flags list", "flags set",
            "flags history", "embeddings list", "embeddings migrate", "embeddings pause", "embeddings resume",
            "embeddings switch", "embeddings drop", "embeddings compare", "documents list", "documents show",
            "documents delete", "projects list", "projects create", "projects show", "projects update",
            "projects archive", "projects restore", "projects delete", "projects add-documents",
            "projects remove-documents", "projects episodes list", "projects episodes create",
            "projects episodes show", "projects episodes update", "projects episodes move",
            "projects episodes archive", "projects episodes restore", "projects episodes delete",
            "erasures preview", "erasures request", "erasures confirm", "erasures reject", "erasures list",
            "erasures show", "erasures receipt", "projections skip", "projections unskip", "audit checkpoints",
            "scripts generate", "scripts list", "scripts show", "scripts revise", "scripts diff", "scripts merge",
            "scripts commit", "scripts restore", "scripts discard", "scripts history", "scripts export",
            "scripts sources", "scripts exchange", "audit prove", "audit consistency", "audit findings", "audit trail",
        ],
        BY_THE_API,
    ),
    **dict.fromkeys(
        [
            "doctor", "topics list", "topics diff", "projections list", "projections kept", "keys list", "schemas list",
            "schemas show", "schemas check", "export verify", "audit verify", "audit keys list", "verify",
        ],
        LOOKS,
    ),
    **dict.fromkeys(["up", "down", "run"], RUNS),
    **dict.fromkeys(
        [
            "keys create", "keys revoke", "keys rotate-kek", "keys drop-kek", "keys backup", "keys restore",
            "keys give-up", "topics apply", "topics accept", "replay", "projections drop", "retention run",
            "export range", "schemas register", "audit export", "audit keys rotate", "audit acknowledge",
        ],
        ITSELF,
    ),
}  # fmt: skip


def commands() -> dict[str, Any]:
    """Every command by its words."""

    def walk(group: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        for name, found in getattr(group, "commands", {}).items():
            if hasattr(found, "commands"):
                yield from walk(found, (*path, name))
            else:
                yield " ".join((*path, name)), found

    return dict(walk(typer.main.get_command(make_app()), ()))


def test_every_command_is_accounted_for() -> None:
    """Who adds a command says how it gets on the trail; what acts past the API uses `acting`."""
    assert sorted(commands().keys() ^ COMMANDS.keys()) == []


def test_what_acts_itself_enters_it() -> None:
    """The module of such a command asks for `acting`; one that goes by the API need not."""
    for name, command in commands().items():
        if COMMANDS[name] == ITSELF:
            source = inspect.getsource(sys.modules[command.callback.__module__])
            assert "acting(" in source, name
