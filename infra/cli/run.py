"""`muniment run NAME`: one process of ours in the foreground, as the stack's supervisor (or Kubernetes) runs it."""

import sys

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(run)


def run(name: str = typer.Argument(..., help="workers, projections or api")) -> None:
    """Run one process until it is told to stop."""
    import uvloop

    from muniment.infra import logs
    from muniment.infra.processes import PROCESSES, process
    from muniment.infra.stack.record import load_settings

    if name not in PROCESSES:
        raise typer.BadParameter(f"no such process: {name}; there are {', '.join(PROCESSES)}")
    settings = load_settings()
    # The supervisor's log is merged from JSON lines; a person at a terminal reads text.
    form = settings.log_format if sys.stderr.isatty() else "json"
    logs.configure(form, settings.log_level, part=name)
    uvloop.run(process(name)(settings))
