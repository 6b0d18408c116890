"""`muniment flags`: switches that are turned while everything runs."""

import json
from enum import StrEnum
from typing import Any

import typer

from muniment.infra.cli.ordering import AsJson, Reason, got, ordered, segment

flags = typer.Typer(help="Switches that are turned while everything runs.", invoke_without_command=True)


class Turn(StrEnum):
    """What a flag can be."""

    ON = "on"
    OFF = "off"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(flags, name="flags")


@flags.callback()
def default(context: typer.Context) -> None:
    """Switches that are turned while everything runs; without a subcommand, all of them."""
    if context.invoked_subcommand is None:
        list_flags(as_json=False)


@flags.command("list")
def list_flags(as_json: bool = AsJson) -> None:
    """Every flag: what it is, who set it last and why."""
    found = got("/v1/flags")
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    from rich.console import Console

    from muniment.infra.cli import render

    columns = ("flag", "is", "default", "changed", "by", "why")
    rows = [
        (
            one["name"],
            render.state(_said(one["value"])),
            _said(one["default"]),
            render.ago(one["changed_at"]) or "never",
            one["actor"],
            one["reason"],
        )
        for one in found["items"]
    ]
    console = Console()
    spare = ("by", "default")
    console.print(render.table(columns, rows, whole={"flag", "changed"}, spare=spare, width=console.width))
    for one in found["items"]:
        console.print(f"\n{one['name']}: {one['meaning']}", style="dim", highlight=False)


@flags.command("set")
def set_flag(
    name: str = typer.Argument(help="The flag."),
    value: Turn = typer.Argument(help="What it is to be."),
    reason: str = Reason,
    as_json: bool = AsJson,
) -> None:
    """Turn a flag; in effect in every process within two seconds. Exit code 1 when it was not done."""
    done = ordered("PUT", f"/v1/flags/{segment(name)}", {"value": value is Turn.ON, "reason": reason})
    print(json.dumps(done, ensure_ascii=False) if as_json else f"{name} is {value.value}")


@flags.command("history")
def history(name: str = typer.Argument(help="The flag."), as_json: bool = AsJson) -> None:
    """Who turned a flag, when and why, newest first."""
    found = got(f"/v1/flags/{segment(name)}")
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    from rich.console import Console

    from muniment.infra.cli import render

    rows: list[tuple[Any, ...]] = [
        (one["at"][:19].replace("T", " "), render.state(_said(one["value"])), one["actor"], one["reason"])
        for one in found["history"]
    ]
    shown = render.table(("when (UTC)", name, "by", "why"), rows, whole={"when (UTC)"})
    Console().print(shown if rows else f"{name} is {_said(found['value'])}, and nobody has ever set it")


def _said(value: bool) -> str:
    return "on" if value else "off"
