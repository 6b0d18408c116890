"""`muniment breakers`: whether the outside services are called."""

import json

import typer

from muniment.infra.cli.ordering import AsJson, Reason, got, ordered, segment

breakers = typer.Typer(help="Whether the outside services are called.", invoke_without_command=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(breakers, name="breakers")


@breakers.callback()
def default(context: typer.Context) -> None:
    """Whether the outside services are called; without a subcommand, all of them."""
    if context.invoked_subcommand is None:
        list_breakers(as_json=False)


@breakers.command("list")
def list_breakers(as_json: bool = AsJson) -> None:
    """Every breaker, of hosts those of the last day: closed (it is called) or open. Exit code 1 when one is open."""
    found = got("/v1/breakers")
    opened = [one["name"] for one in found["items"] if one["state"] == "open"]
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        raise typer.Exit(1 if opened else 0)
    from rich.console import Console

    from muniment.infra.cli import render

    columns = ("breaker", "state", "since", "tried again", "failures", "why")
    rows = [
        (
            one["name"],
            render.state(one["state"]),
            render.ago(one["since"]),
            one["retry_at"][11:19] if one["retry_at"] else "",
            one["failures"],
            one["code"] or one["reason"] or one["by"],
        )
        for one in found["items"]
    ]
    console = Console()
    whole = {"breaker", "state", "since", "tried again"}
    console.print(render.table(columns, rows, right={"failures"}, whole=whole, width=console.width))
    if opened:
        console.print(f"\nto close it: `muniment breakers reset {opened[0]} --reason …`", style="dim", highlight=False)
    raise typer.Exit(1 if opened else 0)


@breakers.command("reset")
def reset(name: str = typer.Argument(help="The breaker."), reason: str = Reason, as_json: bool = AsJson) -> None:
    """Close a breaker: the service is called again at once, by all workers."""
    done = ordered("POST", f"/v1/breakers/{segment(name)}/reset", {"reason": reason})
    print(json.dumps(done, ensure_ascii=False) if as_json else f"{name} is closed")
