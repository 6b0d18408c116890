"""`muniment jobs`: what becomes of commands."""

import asyncio
import json
from typing import Any
from uuid import UUID

import typer

jobs = typer.Typer(help="What becomes of commands.", no_args_is_help=False, invoke_without_command=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(jobs, name="jobs")


@jobs.callback()
def default(context: typer.Context) -> None:
    """What becomes of commands; without a subcommand, the newest jobs."""
    if context.invoked_subcommand is None:
        list_jobs(state=None, limit=20, as_json=False)


@jobs.command("list")
def list_jobs(
    state: str | None = typer.Option(None, "--state", help="Only jobs in this state."),
    limit: int = typer.Option(20, "--limit", "-n", min=1, max=200, help="How many."),
    as_json: bool = typer.Option(False, "--json", help="The API's answer as JSON."),
) -> None:
    """The newest jobs."""
    found = _get("/v1/jobs", state=state, limit=limit)
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    from rich.console import Console

    from muniment.infra.cli import render

    columns = ("job", "kind", "state", "progress", "submitted")
    rows = [
        (
            j["job_id"],
            j["kind"],
            render.state(j["outcome"] or j["state"]),
            render.came_to(j),
            render.ago(j["submitted_at"]),
        )
        for j in found["items"]
    ]
    console = Console()
    shown = render.table(columns, rows, whole={"job", "state", "submitted"}, spare=("kind",), width=console.width)
    console.print(shown if rows else "no such jobs" if state else "no jobs yet")


@jobs.command("show")
def show(
    job_id: UUID = typer.Argument(help="The job."),
    as_json: bool = typer.Option(False, "--json", help="The API's answer as JSON."),
) -> None:
    """One job in full. Exit code 1 when it failed."""
    job = _get(f"/v1/jobs/{job_id}")
    _show(job, as_json=as_json)


@jobs.command("watch")
def watch(
    job_ids: list[UUID] | None = typer.Argument(None, metavar="[JOB]...", help="The jobs."),
    everything: bool = typer.Option(False, "--all", help="All that are open, and those that come meanwhile."),
    as_json: bool = typer.Option(False, "--json", help="Every change as a line of JSON, the job as the API has it."),
) -> None:
    """Follow jobs until all have ended. Exit code 0 when all succeeded, 1 when one did not."""
    from muniment.infra.cli import watching
    from muniment.infra.cli.client import Client, find_access, told
    from muniment.infra.cli.watch_view import view

    if bool(job_ids) == everything:
        raise typer.BadParameter("name jobs, or give --all", param_hint="JOB")
    wanted = None if everything else [str(job_id) for job_id in job_ids or ()]

    async def follow() -> list[dict[str, Any]]:
        async with Client(find_access()) as api:
            with view(as_json=as_json) as show:
                return await watching.watch(api, wanted, show)

    with told():
        found = asyncio.run(follow())
    if not as_json:
        print(watching.tally(found))
    if not watching.succeeded(found):
        raise typer.Exit(1)


@jobs.command("cancel")
def cancel(
    job_id: UUID = typer.Argument(help="The job."),
    reason: str = typer.Option("cancelled on request", "--reason", help="Kept on the log, sealed."),
    as_json: bool = typer.Option(False, "--json", help="The API's answer as JSON."),
) -> None:
    """End a job before it is done, or one that failed; what it has done goes away. Exit code 1 when it had ended."""
    from muniment.infra.cli.client import Client, find_access, told

    async def ask() -> Any:
        async with Client(find_access()) as api:
            return await api.post(f"/v1/jobs/{job_id}/cancel", {"reason": reason})

    with told():
        done = asyncio.run(ask())
    print(json.dumps(done) if as_json else f"cancelling, job {done['job_id']}")


def _show(job: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(job, ensure_ascii=False))
    else:
        from rich.console import Console

        from muniment.infra.cli import render

        shown = {k: v for k, v in job.items() if v is not None and k not in {"error", "progress"}}
        shown |= {"progress": render.progress(job), "error": render.why(job)}
        Console().print(render.table(("", "job"), [(k.replace("_", " "), v) for k, v in shown.items() if v != ""]))
    if job["state"] == "failed":
        raise typer.Exit(1)


def _get(path: str, **params: Any) -> Any:
    from muniment.infra.cli.client import Client, find_access, told

    async def ask() -> Any:
        async with Client(find_access()) as api:
            return await api.get(path, **params)

    with told():
        return asyncio.run(ask())
