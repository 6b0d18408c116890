"""`muniment audit acknowledge`: somebody has looked into a finding, and says what it was."""

import asyncio
from typing import Any

import typer

from muniment.infra.cli.ordering import said


def register(audit: typer.Typer) -> None:
    """Add the command."""
    audit.command("acknowledge")(acknowledge)


def acknowledge(
    position: str = typer.Argument(help="TOPIC:PARTITION:OFFSET, where `muniment audit findings` says that it begins."),
    reason: str = typer.Option(..., "--reason", "-r", help="What it was; goes on the record, in clear.", callback=said),
    kind: str = typer.Option(
        "", "--kind", "-k", help="Only of this kind, such as `forged`. Without it: all found there."
    ),
) -> None:
    """End the alert of a finding that was looked into. It stays in the list, with who says so and why.

    What halts a partition halts it still; and a finding that reaches further one day alerts again. Exit code 1 when
    nothing of that kind was found there, or all of it was acknowledged.
    """
    from muniment.infra.acting import acting
    from muniment.infra.stack.record import load_settings
    from muniment.schemas.record import Position

    try:
        at = Position.parse(position)
    except ValueError:
        raise typer.BadParameter(
            f"{position} is not TOPIC:PARTITION:OFFSET, such as muniment.documents:3:1042"
        ) from None
    with acting(load_settings(), "finding.acknowledge", kind="finding", entity=position, reason=reason) as act:
        ended = _ended(at, kind, reason)
        if not ended:
            typer.echo(f"muniment: nothing{f' {kind}' if kind else ''} waits at {position}", err=True)
            # The trail tells it as failed: nothing was done.
            raise typer.Exit(1)
        act.entity = f"{position} {', '.join(sorted(one.kind for one in ended))}"
    for one in ended:
        print(f"acknowledged {one.kind} {one.first_offset} to {one.next_offset - 1}: {one.detail}")


def _ended(at: Any, kind: str, reason: str) -> list[Any]:
    from muniment.infra.acting import actor
    from muniment.infra.bootstrap import database_url
    from muniment.infra.one_connection import one_connection
    from muniment.infra.stack.record import load_settings
    from muniment.producers.clock import utc_now
    from muniment.producers.postgres import database
    from muniment.producers.sealing.store import SealingStore

    async def ask() -> list[Any]:
        async with database(), one_connection(database_url(load_settings())) as pool:
            place = (at.topic, at.partition, at.offset)
            return await SealingStore(pool, utc_now).acknowledge(place, kind=kind, actor=actor(), reason=reason)

    return asyncio.run(ask())
