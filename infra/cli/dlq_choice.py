"""Which dead letters a command is about: named, or selected. The same words for `list`, `redrive` and `discard`."""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import Parameter, Signature, signature
from typing import Any
from uuid import UUID

import typer

from muniment.infra.cli.ordering import AsJson, Reason
from muniment.schemas.moments import moment

Letters = typer.Argument(None, help="Dead letters by their ids, as `muniment dlq list` shows them.")
Step = typer.Option(None, "--step", help="Only of this step.")
Code = typer.Option(None, "--code", help="Only with this error code.")
Category = typer.Option(None, "--category", help="document, transient, outage, infrastructure or permanent.")
Fingerprint = typer.Option(None, "--fingerprint", "--group", "-g", help="Only of this group.")
Status = typer.Option(None, "--status", "-s", help="waiting, redriving, redriven, failed_again, discarded, …")
Document = typer.Option(None, "--document", help="Only of this document.")
Job = typer.Option(None, "--job", help="Only of this job.")
Since = typer.Option(None, "--from", help="Buried then or later: ISO 8601 with its zone.")
Until = typer.Option(None, "--to", help="Buried before that.")
Everything = typer.Option(False, "--all", help="All that wait.")
Yes = typer.Option(False, "--yes", "-y", help="Do not ask, also above 100 letters.")
Dry = typer.Option(False, "--dry-run", help="Only show what would be touched.")


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for, about which letters, and how.

    Attributes:
        body: The letters and the reason, as the API takes them.
        dry_run: Only look.
        yes: Do not ask for a person's word.
        as_json: Tell it as JSON.

    """

    body: dict[str, Any]
    dry_run: bool
    yes: bool
    as_json: bool


def selection(**given: Any) -> dict[str, str]:
    """The parts of a selection that were given, as the API takes them. `since` and `until` are `from` and `to`."""
    named = {{"since": "from", "until": "to"}.get(name, name): value for name, value in given.items()}
    return {name: _moment(name, v) if name in {"from", "to"} else str(v) for name, v in named.items() if v is not None}


def ordering(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the options of every order about letters before its own; it is given the `Order` they make."""
    shared = signature(_order).parameters
    _, *own = signature(command).parameters.values()

    def run(**given: Any) -> None:
        order = _order(**{name: given.pop(name) for name in shared})
        command(order, **given)

    run.__doc__ = command.__doc__
    # What typer reads the options from.
    run.__signature__ = Signature([*shared.values(), *(one.replace(kind=Parameter.KEYWORD_ONLY) for one in own)])  # type: ignore[attr-defined]
    return run


def _order(
    *,
    letters: list[str] | None = Letters,
    step: str | None = Step,
    code: str | None = Code,
    category: str | None = Category,
    fingerprint: str | None = Fingerprint,
    document_id: UUID | None = Document,
    since: str | None = Since,
    until: str | None = Until,
    everything: bool = Everything,
    reason: str = Reason,
    dry_run: bool = Dry,
    yes: bool = Yes,
    as_json: bool = AsJson,
) -> Order:
    chosen = selection(
        step=step,
        code=code,
        category=category,
        fingerprint=fingerprint,
        document_id=document_id,
        since=since,
        until=until,
    )
    which = _which(letters, chosen, everything=everything)
    return Order(which | {"reason": reason}, dry_run=dry_run, yes=yes, as_json=as_json)


def _which(letters: list[str] | None, chosen: dict[str, str], *, everything: bool) -> dict[str, Any]:
    """What is sent: letters or a selection, exactly one of them; exit code 2 otherwise."""
    if letters and (chosen or everything):
        raise typer.BadParameter("name letters or select them, not both")
    if everything and chosen:
        raise typer.BadParameter("--all goes with no other selection")
    if letters:
        return {"letters": letters}
    if chosen or everything:
        return {"selection": chosen}
    raise typer.BadParameter("say which: ids, a selection such as --fingerprint, or --all")


def _moment(name: str, text: str) -> str:
    try:
        return moment(text).isoformat()
    except ValueError as error:
        raise typer.BadParameter(f"--{name}: {error}") from None
