"""`muniment steps`: which steps take records, and which are halted."""

import json
from shlex import quote as quoted

import typer

from muniment.infra.cli.ordering import AsJson, Reason, got, ordered, segment

steps = typer.Typer(help="Which steps take records, and which are halted.", invoke_without_command=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(steps, name="steps")


@steps.callback()
def default(context: typer.Context) -> None:
    """Which steps take records, and which are halted; without a subcommand, all of them."""
    if context.invoked_subcommand is None:
        list_steps(as_json=False)


@steps.command("list")
def list_steps(as_json: bool = AsJson) -> None:
    """Every step: running or halted, since when, by whom and why. Exit code 1 when one is halted."""
    found = got("/v1/steps")
    halted = [one["name"] for one in found["items"] if one["state"] == "halted"]
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        raise typer.Exit(1 if halted else 0)
    from rich.console import Console

    from muniment.infra.cli import render

    known = any(one["lag"] is not None for one in found["items"])
    columns = ("step", "state", "since", "by", *(("lag",) if known else ()), "why")
    rows = [
        (
            one["name"],
            render.state(one["state"]),
            render.ago(one["since"]),
            one["actor"],
            *((one["lag"],) if known else ()),
            f"{one['code']}: {one['reason']}" if one["code"] else one["reason"],
        )
        for one in found["items"]
    ]
    console = Console()
    whole = {"step", "state", "since"}
    console.print(render.table(columns, rows, right={"lag"}, whole=whole, spare=("lag", "by"), width=console.width))
    for one in found["items"]:
        # An API of an older version does not say.
        if one.get("waits"):
            console.print(f"\n{one['name']} waits: {one['waits']}", highlight=False, markup=False, soft_wrap=True)
    if halted:
        hint = f"muniment steps resume {quoted(halted[0])} --reason …"
        console.print(f"\nto go on: `{hint}`", style="dim", highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(1 if halted else 0)


@steps.command("halt")
def halt(name: str = typer.Argument(help="The step."), reason: str = Reason, as_json: bool = AsJson) -> None:
    """Let a step take no more records: what comes waits on the log and uses up no attempt.

    Not `operating`: it carries out commands such as this one, and could not be resumed.
    """
    done = ordered("POST", f"/v1/steps/{segment(name)}/halt", {"reason": reason})
    print(json.dumps(done, ensure_ascii=False) if as_json else f"{name} is halted")


@steps.command("resume")
def resume(name: str = typer.Argument(help="The step."), reason: str = Reason, as_json: bool = AsJson) -> None:
    """Let a halted step go on, whoever halted it. Exit code 1 when it is not halted."""
    done = ordered("POST", f"/v1/steps/{segment(name)}/resume", {"reason": reason})
    print(json.dumps(done, ensure_ascii=False) if as_json else f"{name} goes on")
