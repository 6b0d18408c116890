"""From what a person types to a JSON Patch."""

import json
import sys
from typing import Any

import typer


def parsed(text: str) -> list[Any]:
    """The operations of a patch given as JSON; `-` reads stdin."""
    try:
        found = json.loads(sys.stdin.read() if text == "-" else text)
    except ValueError:
        raise typer.BadParameter("--patch: not valid JSON") from None
    if not isinstance(found, list) or not found:
        raise typer.BadParameter('--patch: a list of operations, as [{"op": "replace", "path": "/title", "value": …}]')
    return found


def replacement(given: str) -> dict[str, Any]:
    """The operation that `/path=value` stands for; a value that is no JSON is text."""
    path, found, value = given.partition("=")
    if not found or not path.startswith("/"):
        raise typer.BadParameter(f"--set: {given} is not /path=value")
    try:
        return {"op": "replace", "path": path, "value": json.loads(value)}
    except ValueError:
        return {"op": "replace", "path": path, "value": value}


def by_editor(record: dict[str, Any]) -> list[Any]:
    """What a person changes of the record in their editor, as a patch; exit code 1 when they change nothing."""
    import click
    from jsonpatch import make_patch

    text = json.dumps(record["data"], indent=2, ensure_ascii=False) + "\n"
    changed = click.edit(text, extension=".json")
    if changed is None:
        typer.echo("nothing was changed", err=True)
        raise typer.Exit(1)
    try:
        operations: list[Any] = list(make_patch(record["data"], json.loads(changed)))
    except ValueError:
        typer.echo("muniment: what you saved is not valid JSON; nothing was done", err=True)
        raise typer.Exit(1) from None
    if not operations:
        typer.echo("nothing was changed", err=True)
        raise typer.Exit(1)
    return operations
