"""`muniment dlq`: dead letters, from first sight to redrive."""

import json
from uuid import UUID

import typer

from muniment.infra.cli import dlq_choice as choice
from muniment.infra.cli import dlq_operations
from muniment.infra.cli.ordering import AsJson, got, segment

dlq = typer.Typer(help="Dead letters: records that no retry could help.", invoke_without_command=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    dlq_operations.register(dlq)
    app.add_typer(dlq, name="dlq")


@dlq.callback()
def default(context: typer.Context) -> None:
    """Dead letters: records that no retry could help; without a subcommand, by cause."""
    if context.invoked_subcommand is None:
        list_groups(step=None, code=None, status=None, since=None, until=None, as_json=False)


@dlq.command("groups")
def list_groups(
    *,
    step: str | None = choice.Step,
    code: str | None = choice.Code,
    status: str | None = choice.Status,
    since: str | None = choice.Since,
    until: str | None = choice.Until,
    as_json: bool = AsJson,
) -> None:
    """By cause: how many wait, since when, and whether the running version still buries them."""
    chosen = choice.selection(step=step, code=code, status=status, since=since, until=until)
    found = got("/v1/dead-letters/groups", **chosen)
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    from rich.console import Console

    from muniment.infra.cli.dlq_showing import show_groups

    if found["items"]:
        show_groups(Console(), found["items"])
    else:
        print("no such dead letters" if chosen else "no dead letters")


@dlq.command("list")
def list_letters(
    *,
    step: str | None = choice.Step,
    code: str | None = choice.Code,
    category: str | None = choice.Category,
    fingerprint: str | None = choice.Fingerprint,
    status: str | None = choice.Status,
    document_id: UUID | None = choice.Document,
    job_id: UUID | None = choice.Job,
    since: str | None = choice.Since,
    until: str | None = choice.Until,
    limit: int = typer.Option(20, "--limit", "-n", min=1, max=200, help="How many."),
    as_json: bool = AsJson,
) -> None:
    """The newest dead letters."""
    chosen = choice.selection(
        step=step,
        code=code,
        category=category,
        fingerprint=fingerprint,
        status=status,
        document_id=document_id,
        job_id=job_id,
        since=since,
        until=until,
    )
    found = got("/v1/dead-letters", limit=limit, **chosen)
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    from rich.console import Console

    from muniment.infra.cli.dlq_showing import show_letters

    if found["items"]:
        show_letters(Console(), found["items"])
    else:
        print("no such dead letters" if chosen else "no dead letters")


@dlq.command("show")
def show(
    letter: str = typer.Argument(help="The dead letter, as `muniment dlq list` shows it."),
    record: bool = typer.Option(False, "--record", help="Its record, too: it can hold personal text."),
    as_json: bool = AsJson,
) -> None:
    """One dead letter in full."""
    found = got(f"/v1/dead-letters/{segment(letter)}")
    data = got(f"/v1/dead-letters/{segment(letter)}/record") if record else None
    if as_json:
        print(json.dumps(found | ({"record": data} if data else {}), ensure_ascii=False))
        return
    from rich.console import Console

    from muniment.infra.cli.dlq_showing import details

    Console().print(details(found, "dead letter"))
    if data:
        print(f"\n{data['event']}")
        print(json.dumps(data["data"], indent=2, ensure_ascii=False))
        if data["redacted"]:
            print(f"erased: {', '.join(data['redacted'])}")


@dlq.command("redrives")
def list_redrives(
    redrive_id: UUID | None = typer.Argument(None, help="Only this one, in full."),
    watch: bool = typer.Option(False, "--watch", "-w", help="Follow it until it has ended."),
    limit: int = typer.Option(20, "--limit", "-n", min=1, max=200, help="How many."),
    as_json: bool = AsJson,
) -> None:
    """The newest redrives, or one in full."""
    from rich.console import Console

    from muniment.infra.cli import dlq_redriving, dlq_showing

    if redrive_id is None:
        found = got("/v1/redrives", limit=limit)
        if as_json:
            print(json.dumps(found, ensure_ascii=False))
        elif found["items"]:
            dlq_showing.show_redrives(Console(), found["items"])
        else:
            print("nothing was ever redriven")
        return
    watched = dlq_redriving.watched(str(redrive_id), quiet=as_json) if watch else None
    found = watched or got(f"/v1/redrives/{redrive_id}")
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        Console().print(dlq_showing.details(found, "redrive"))
        print(dlq_showing.came_to(found))
