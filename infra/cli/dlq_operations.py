"""What is done with dead letters: `muniment dlq redrive`, `discard`, `edit`, `stop`."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import typer

from muniment.infra.cli import dlq_choice as choice
from muniment.infra.cli.ordering import AsJson, Reason, got, ordered, segment

ENDED_BADLY = 3


def register(dlq: typer.Typer) -> None:
    """Add the commands."""
    dlq.command("redrive")(redrive)
    dlq.command("discard")(discard)
    dlq.command("edit")(edit)
    dlq.command("stop")(stop)


@choice.ordering
def redrive(
    order: choice.Order,
    *,
    rate: float = typer.Option(5.0, "--rate", min=0.01, max=1000, help="Letters a second, at most."),
    canary: int = typer.Option(1, "--canary", min=0, max=100, help="How many of each group go first; 0: none."),
    force: bool = typer.Option(False, "--force", help="Quarantined letters, too."),
    wait: bool = typer.Option(True, "--wait/--no-wait", help="Watch it until it has ended."),
) -> None:
    """Send dead letters back to their steps: some of each group first, the others only if those pass.

    Exit code 0: all went back and none has failed again; 1: nothing was done; 3: stopped, or some failed again.
    """
    done = _carried_out("redrive", order, rate=rate, canary=canary, force=force)
    from muniment.infra.cli.dlq_redriving import watched
    from muniment.infra.cli.dlq_showing import came_to

    redrive_id = done["redrive_id"]
    if not wait:
        begun = f"redriving: `muniment dlq redrives {redrive_id}`"
        print(json.dumps(done, ensure_ascii=False) if order.as_json else begun)
        return
    ended = watched(redrive_id, quiet=order.as_json, just_begun=True)
    print(json.dumps(ended, ensure_ascii=False) if order.as_json else came_to(ended))
    if ended["state"] != "done" or ended["failed"]:
        raise typer.Exit(ENDED_BADLY)


@choice.ordering
def discard(order: choice.Order) -> None:
    """Give up on dead letters. They stay on the log; nobody will redrive them."""
    done = _carried_out("discard", order)
    count = sum(event["details"].get("letters", 0) for event in done["events"])
    print(json.dumps(done, ensure_ascii=False) if order.as_json else f"discarded {count}")


def _carried_out(verb: str, order: choice.Order, **more: Any) -> Any:
    """The decision, after the look and the person's word; exits after the look of a dry run."""
    from muniment.infra.cli import dlq_redriving

    path, body = f"/v1/dead-letters/{verb}", order.body | more
    found = dlq_redriving.looked(path, body)
    if order.as_json and order.dry_run:
        print(json.dumps(found, ensure_ascii=False))
    elif not order.as_json:
        _show(found, verb, err=not order.dry_run)
    if order.dry_run or not found["letters"]:
        raise typer.Exit(0 if order.dry_run else 1)
    confirmed = dlq_redriving.confirm(found, verb, yes=order.yes)
    return dlq_redriving.begun(path, body | {"confirmed": confirmed})


def _show(found: Any, verb: str, *, err: bool) -> None:
    from rich.console import Console

    from muniment.infra.cli.dlq_showing import show_dry, show_left_out

    console = Console(stderr=err)
    if found["letters"]:
        show_dry(console, found, verb)
    elif not found.get("left_out"):
        typer.echo(f"no dead letter to {verb}: none of them waits", err=err)
    else:
        typer.echo(f"no dead letter to {verb}: nobody would take them up", err=err)
    show_left_out(console, found)


def edit(
    letter: str = typer.Argument(help="The dead letter."),
    reason: str = Reason,
    patch: str | None = typer.Option(None, "--patch", help="A JSON Patch (RFC 6902), or @FILE; `-` reads stdin."),
    values: list[str] | None = typer.Option(None, "--set", help="/path=value, for example --set '/title=\"Leave\"'."),
    as_json: bool = AsJson,
) -> None:
    """Read a dead letter with a patch, and redrive it; without --patch or --set, in your editor.

    The patch is kept beside the untouched original, sealed like the document. What the record is about stays as it is:
    ids, versions and batches cannot be edited, nor the texts of a batch.
    """
    from muniment.infra.cli import dlq_editing

    path = f"/v1/dead-letters/{segment(letter)}"
    if patch is not None:
        operations = dlq_editing.parsed(Path(patch[1:]).read_text("utf-8") if patch.startswith("@") else patch)
    elif values:
        operations = [dlq_editing.replacement(one) for one in values]
    else:
        operations = dlq_editing.by_editor(got(f"{path}/record"))
    done = ordered("POST", f"{path}/edit", {"patch": operations, "reason": reason})
    followed = f"; redriving: `muniment dlq redrives {done['redrive_id']}`" if done["redrive_id"] else ""
    print(json.dumps(done, ensure_ascii=False) if as_json else f"edited {letter}{followed}")


def stop(redrive_id: UUID = typer.Argument(help="The redrive."), reason: str = Reason, as_json: bool = AsJson) -> None:
    """Leave the rest of a redrive where it is. Exit code 1 when it has ended already."""
    done = ordered("POST", f"/v1/redrives/{redrive_id}/stop", {"reason": reason})
    left = done["events"][0]["details"].get("left", 0)
    print(json.dumps(done, ensure_ascii=False) if as_json else f"stopped; {left} letters are left as they were")
