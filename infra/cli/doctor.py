"""`muniment doctor`: look at every part, say what is wrong and what to do."""

import asyncio
import json

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(as_json: bool = typer.Option(False, "--json", help="One JSON object.")) -> None:
    """Check every part; exit code 1 when something is wrong."""
    from muniment.infra.stack.checks import check_all
    from muniment.infra.stack.record import load_settings

    found = asyncio.run(check_all(load_settings()))
    well = all(one.ok for one in found)
    if as_json:
        checks = [
            {"name": one.name, "ok": one.ok, "detail": one.detail, "remedy": "" if one.ok else one.remedy}
            for one in found
        ]
        print(json.dumps({"ok": well, "checks": checks}))
    else:
        for one in found:
            print(f"{'ok  ' if one.ok else 'FAIL'} {one.name:<12} {one.detail}")
            if not one.ok:
                print(f"     {'':<12} do: {one.remedy}")
    if not well:
        raise typer.Exit(1)
