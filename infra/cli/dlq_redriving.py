"""Redrives and discards as a person goes through them: look, confirm, command, watch."""

import asyncio
import sys
from typing import Any

import typer

from muniment.infra.cli.client import ApiError, Client
from muniment.infra.cli.ordering import asked, decided

CONFIRM_ABOVE = 100
LOOK_S = 0.5
SETTLE_LOOKS = 6
"""How often a redrive that has just ended is looked at again: letters may fail once more within moments."""


NEW_LOOKS = 20
"""How often in a row a redrive that was just begun may not be there: another instance may answer, which lags."""


def looked(path: str, body: dict[str, Any]) -> Any:
    """What the request would touch."""
    return asked(lambda api: api.order("POST", path, body, dry_run="true"))


def confirm(found: dict[str, Any], verb: str, *, yes: bool) -> int:
    """The number that a person has seen, as `confirmed`; exit code 2 when nobody can be asked, 1 when they say no."""
    count = int(found["letters"])
    if count > CONFIRM_ABOVE and not yes:
        if not sys.stdin.isatty():
            raise typer.BadParameter(f"{count} letters would be touched: look with --dry-run, then repeat with --yes")
        if not typer.confirm(f"{verb} all {count}?", err=True):
            typer.echo("nothing was done", err=True)
            raise typer.Exit(1)
    return count


def begun(path: str, body: dict[str, Any]) -> Any:
    """The decision on the command; exit code 1, saying why, when it is rejected."""

    async def run(api: Client) -> Any:
        return await decided(api, await api.order("POST", path, body))

    return asked(run)


def watched(redrive_id: str, *, quiet: bool, just_begun: bool = False) -> Any:
    """The redrive once it has ended, with a bar on stderr while it runs. Leaving with Ctrl-C does not stop it.

    Exit code 1, saying so, when there is no such redrive; for one that was `just_begun` after some patience.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[told]}"),
        TimeRemainingColumn(),
    )

    async def run(api: Client) -> Any:
        with Progress(*columns, console=Console(stderr=True), disable=quiet) as bar:
            task = bar.add_task("redriving", total=None, told="")
            looks, missed = 0, 0
            while True:
                found = await _redrive(api, redrive_id)
                if found is None:
                    missed += 1
                    if missed > (NEW_LOOKS if just_begun else 0):
                        raise _missing(redrive_id, just_begun=just_begun)
                    await asyncio.sleep(LOOK_S)
                    continue
                missed = 0
                rate = f"{found['rate']:g}/s"
                failed = f", {found['failed']} failed again" if found["failed"] else ""
                bar.update(task, total=found["letters"], completed=found["redriven"], told=f"at {rate}{failed}")
                if found["state"] != "running":
                    looks += 1
                    if looks > SETTLE_LOOKS or found["failed"] >= found["redriven"]:
                        return found
                await asyncio.sleep(LOOK_S)

    try:
        return asked(run)
    except KeyboardInterrupt:
        typer.echo(f"\nit goes on without you; to end it: `muniment dlq stop {redrive_id} --reason …`", err=True)
        raise typer.Exit(130) from None


async def _redrive(api: Client, redrive_id: str) -> Any:
    try:
        return await api.get(f"/v1/redrives/{redrive_id}")
    except ApiError as error:
        if error.code != "not_found":
            raise
        return None


def _missing(redrive_id: str, *, just_begun: bool) -> ApiError:
    if not just_begun:
        return ApiError("not_found", f"there is no redrive {redrive_id}", "`muniment dlq redrives` lists them")
    detail = f"redrive {redrive_id} is on the record, and nothing can be read of it yet"
    return ApiError("not_found", detail, f"see `muniment doctor`, then `muniment dlq redrives {redrive_id} --watch`")
