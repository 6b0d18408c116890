"""`muniment audit trail`: who did what, when, from where, and which documents they were shown."""

import sys
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

import typer

from muniment.infra.cli.ordering import asked, got

SILENT_S = 60.0
Options = Mapping[str, Any]


def register(audit: typer.Typer) -> None:
    """Add the command to the group `audit`."""
    audit.command("trail")(trail)


def trail(
    *,
    actor: str | None = typer.Option(None, "--actor", help="Who: key:ID, cli:USER, process:NAME, unknown."),
    action: str | None = typer.Option(None, "--action", help="What, as document.read; document.* for all of them."),
    kind: str | None = typer.Option(None, "--kind", help="What sort of thing it is about."),
    entity: str | None = typer.Option(None, "--entity", help="That thing's id or name."),
    document: UUID | None = typer.Option(None, "--document", help="Whatever showed or changed this document."),
    job: UUID | None = typer.Option(None, "--job", help="Of this job or operation."),
    outcome: str | None = typer.Option(None, "--outcome", help="begun, done, denied, refused or failed."),
    trace: str | None = typer.Option(None, "--trace", help="Of this trace."),
    address: str | None = typer.Option(None, "--address", help="A guess: only from exactly this address."),
    query: str | None = typer.Option(None, "--query", help="A guess: only searches for exactly these words."),
    since: str | None = typer.Option(None, "--from", help="Then or later (RFC 3339)."),
    until: str | None = typer.Option(None, "--to", help="Before that (RFC 3339)."),
    tenant: str = typer.Option("both", "--tenant", help="own, house (callers unknown, topics), or both."),
    limit: int = typer.Option(50, "--limit", "-n", min=1, max=200, help="Most entries that are shown."),
    as_json: bool = typer.Option(False, "--json", help="All entries, one JSON object a line."),
) -> None:
    """Who did what, newest first. Wants a key with the scope `audit`; looking is an entry in the trail, too."""
    wanted = {
        "actor": actor,
        "action": action,
        "kind": kind,
        "entity": entity,
        "document_id": document and str(document),
        "correlation_id": job and str(job),
        "outcome": outcome,
        "trace_id": trace,
        "address": address,
        "query": query,
        "from": since,
        "to": until,
        "tenant": tenant,
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    if as_json:
        asked(lambda api: _copied(api, given))
    else:
        _show(got("/v1/audit", limit=limit, **given))


async def _copied(api: Any, given: Options) -> None:
    async for part in _exported(api, given):
        sys.stdout.write(part)
    sys.stdout.flush()


async def _exported(api: Any, given: Options) -> AsyncIterator[str]:
    async with api.stream("/v1/audit/export", given, {}, silent_s=SILENT_S) as answer:
        if answer.status_code != HTTPStatus.OK:
            raise await api.refused(answer)
        async for part in answer.aiter_text():
            yield part


def _show(found: Any) -> None:
    from rich.console import Console

    from muniment.infra.cli import render

    columns = ("when (UTC)", "who", "what", "outcome", "about", "shown", "from", "why")
    rows = [
        (
            one["at"][:19].replace("T", " "),
            one["actor"],
            one["action"],
            render.state(one["outcome"]),
            one["entity"],
            one["document_count"] or "",
            one["network"],
            _why(one),
        )
        for one in found["items"]
    ]
    console = Console()
    spare = ("why", "from", "shown")
    table = render.table(
        columns, rows, right={"shown"}, whole={"when (UTC)", "who", "what"}, spare=spare, width=console.width
    )
    console.print(table if rows else "no such entries")
    if found["next_cursor"]:
        typer.echo("there are more: `--limit`, a narrower filter, or `--json` for all of them", err=True)


def _why(one: Mapping[str, Any]) -> str:
    left_out = f"and {one['left_out']} more before it" if one["left_out"] else ""
    return str(one["reason"]) or left_out
