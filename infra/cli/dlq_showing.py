"""How dead letters and redrives look to a person."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from muniment.infra.cli import render

OPEN = ("waiting", "edited", "quarantined")
"""Statuses of letters that wait for an operator."""


def show_letters(console: Console, items: Sequence[Mapping[str, Any]]) -> None:
    """Dead letters, newest first."""
    columns = ("letter", "status", "step", "code", "tries", "redrives", "buried", "why")
    rows = [
        (
            one["dead_letter_id"],
            render.state(one["status"]),
            one["step"],
            one["code"],
            one["attempts"],
            one["redrive_times"] or "",
            render.ago(one["failed_at"]),
            one["detail"],
        )
        for one in items
    ]
    console.print(
        render.table(
            columns,
            rows,
            right={"tries", "redrives"},
            whole={"letter", "status", "code", "buried"},
            spare=("redrives", "tries"),
            width=console.width,
        )
    )


def show_groups(console: Console, items: Sequence[Mapping[str, Any]]) -> None:
    """Groups; what waits in each is what there is to do."""
    columns = ("fingerprint", "step", "code", "waiting", "all", "first", "last", "gone since", "why")
    rows = [
        (
            one["fingerprint"],
            one["step"],
            one["code"],
            sum(one["by_status"].get(name, 0) for name in OPEN) or "",
            one["letters"],
            render.ago(one["first_seen"]),
            render.ago(one["last_seen"]),
            one["gone_since_version"],
            one["detail"],
        )
        for one in items
    ]
    console.print(
        render.table(
            columns,
            rows,
            right={"waiting", "all"},
            whole={"fingerprint", "code", "last"},
            spare=("first", "gone since", "all"),
            width=console.width,
        )
    )
    worst = max(items, key=lambda one: sum(one["by_status"].get(name, 0) for name in OPEN))
    if any(worst["by_status"].get(name) for name in OPEN):
        hint = f"muniment dlq redrive --group {worst['fingerprint']} --reason …"
        console.print(f"\nonce it is mended: `{hint}`", style="dim", highlight=False)


def show_dry(console: Console, found: Mapping[str, Any], verb: str) -> None:
    """What a redrive or a discard would touch."""
    count = found["letters"]
    console.print(f"{count} dead letter{'' if count == 1 else 's'} to {verb}:", highlight=False)
    rows = [(one["letters"], one["step"], one["code"], one["fingerprint"]) for one in found["groups"]]
    columns = ("letters", "step", "code", "fingerprint")
    console.print(render.table(columns, rows, right={"letters"}, whole={"fingerprint"}, width=console.width))
    if (others := count - sum(one["letters"] for one in found["groups"])) > 0:
        console.print(f"and {others} of other causes, which are not shown", highlight=False)


def show_left_out(console: Console, found: Mapping[str, Any]) -> None:
    """What waits and is not redriven, and what to do about it."""
    for one in found.get("left_out", ()):
        letters = f"{one['letters']} letter{'' if one['letters'] == 1 else 's'}"
        told = f"left out: {letters} of {one['model']}, which is {one['state']}: {one['what_to_do']}"
        console.print(told, style="yellow", highlight=False, markup=False, soft_wrap=True)


def show_redrives(console: Console, items: Sequence[Mapping[str, Any]]) -> None:
    """Redrives, newest first."""
    columns = ("redrive", "state", "letters", "redriven", "failed", "left", "begun", "by", "why")
    rows = [
        (
            one["redrive_id"],
            render.state(one["state"]),
            one["letters"],
            one["redriven"],
            one["failed"] or "",
            one["left"] or "",
            render.ago(one["started_at"]),
            one["actor"],
            one["reason"],
        )
        for one in items
    ]
    console.print(
        render.table(
            columns,
            rows,
            right={"letters", "redriven", "failed", "left"},
            whole={"redrive", "state"},
            spare=("by", "letters", "begun", "why"),
            width=console.width,
        )
    )


def came_to(redrive: Mapping[str, Any]) -> str:
    """One sentence for how a redrive stands."""
    told = f"{redrive['redriven']} of {redrive['letters']} redriven"
    if redrive["failed"]:
        told += f", {redrive['failed']} failed again"
    if redrive["left"] and redrive["state"] != "running":
        told += f", {redrive['left']} left as they were"
    state = {"canary_failed": "the canary failed", "done": "done", "stopped": "stopped"}.get(
        redrive["state"], "running"
    )
    why = f" ({redrive['ended_reason']})" if redrive.get("ended_reason") and redrive["state"] != "done" else ""
    return f"{state}{why}: {told}"


def details(found: Mapping[str, Any], title: str) -> Table:
    """One thing in full; what is not known is left out."""
    kept = {name: value for name, value in found.items() if value not in (None, {}, "", 0)}
    return render.table(("", title), [(name.replace("_", " "), value) for name, value in kept.items()])
