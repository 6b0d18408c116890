"""`muniment`: the list of commands. Each file registers itself on the application that it is given."""

import logging
import sys
from importlib import import_module

import typer

from muniment.infra.cli.failing import explained, tell

COMMANDS = (
    "up",
    "down",
    "doctor",
    "ingest",
    "search",
    "jobs",
    "history",
    "dlq",
    "steps",
    "breakers",
    "flags",
    "embeddings",
    "documents",
    "projects",
    "scripts",
    "erasures",
    "retention",
    "topics",
    "export",
    "schemas",
    "projections",
    "replay",
    "verify",
    "keys",
    "audit",
    "run",
)
"""Modules of this folder, in the order of the help text. Each has `register(app)`, and imports late what is heavy."""


def make_app() -> typer.Typer:
    """The application with all its commands."""
    app = typer.Typer(
        name="muniment",
        help="An event-sourced document platform on Kafka and Postgres, with everything on the record.",
        no_args_is_help=True,
        # Joins the lines of a docstring; `--install-completion` is on: it writes to the caller's own shell only.
        rich_markup_mode="markdown",
        # In a log, a plain traceback; never the values of variables, which may be text of documents.
        pretty_exceptions_enable=sys.stderr.isatty(),
        pretty_exceptions_show_locals=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for name in COMMANDS:
        import_module(f"muniment.infra.cli.{name}").register(app)
    return app


def run() -> None:
    """The entry point. Exit code 1: it did not work, and the last line says why; 2: it was called wrongly."""
    # Libraries log what we say ourselves; `run` and `up` set logging up in full.
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        make_app()()
    except Exception as error:
        sentence = explained(error)
        if sentence is None:
            raise
        tell(sentence)
        raise SystemExit(1) from None


if __name__ == "__main__":
    run()
