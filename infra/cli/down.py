"""`muniment down`: stop the stack of this folder, whoever started it."""

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(down)


def down() -> None:
    """Stop the stack of this folder; nothing to stop is fine."""
    from muniment.infra.settings import Settings
    from muniment.infra.stack import leftovers
    from muniment.infra.stack.stop import stop

    home = Settings().home.resolve()
    ended = stop(home)
    if left := leftovers.find(home):
        print(f"still running: {', '.join(str(process.pid) for process in left)}")
        raise typer.Exit(1)
    print("stopped" if ended else f"nothing runs in {home}")
