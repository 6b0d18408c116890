"""`muniment retention`: what is erased because its time is over, as the settings say."""

import asyncio
import json
from uuid import UUID

import typer

retention = typer.Typer(help="Erase what is older than the settings allow.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(retention, name="retention")


@retention.callback()
def about() -> None:
    """Erase what is older than the settings allow. The workers do this once an hour by themselves."""


@retention.command("run")
def run(
    dry_run: bool = typer.Option(False, "--dry-run", help="Only show what would be erased."),
    as_json: bool = typer.Option(False, "--json", help="As JSON."),
) -> None:
    """Ask for the erasure of every document whose time is over; each ask is on the record, with its rule."""
    from muniment.infra.acting import acting
    from muniment.infra.stack.record import load_settings

    if dry_run:
        found = asyncio.run(_run(dry_run=True))
    else:
        with acting(load_settings(), "retention.run", kind="document") as act:
            found = asyncio.run(_run(dry_run=False))
            act.documents = {UUID(one): None for _, _, ids in found for one in ids}
            act.reason = f"{len(act.documents)} documents"
    if as_json:
        print(json.dumps([{"tenant": t, "days": days, "documents": ids} for t, days, ids in found]))
        return
    for tenant, days, ids in found:
        many = "1 document" if len(ids) == 1 else f"{len(ids)} documents"
        verb = "would be erased" if dry_run else "to be erased"
        print(f"{tenant}: {many} unchanged for {days} days {verb}")
        for document in ids if dry_run else ():
            print(f"  {document}")
    if not found:
        settings = load_settings()
        ruled = settings.retention_days or settings.retention_tenants
        print("nothing is too old" if ruled else "no rule is set (MUNIMENT_RETENTION_DAYS): nothing is ever too old")


async def _run(*, dry_run: bool) -> list[tuple[str, int, list[str]]]:
    import asyncpg

    from muniment.infra import bootstrap
    from muniment.infra.erasing import retention as made
    from muniment.infra.not_set import required
    from muniment.infra.stack.record import load_settings
    from muniment.producers.kafka import KafkaPublisher
    from muniment.producers.postgres import database

    settings = load_settings()
    async with database():
        pool = await asyncpg.create_pool(bootstrap.database_url(settings), min_size=1, max_size=2, timeout=10)
    brokers = required(settings.kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP")
    async with pool, KafkaPublisher(brokers, client_id="muniment-retention") as publisher:
        looking = made(settings, pool, publisher)
        found = await (looking.due() if dry_run else looking.run())
    return [(due.tenant, due.days, [str(one) for one in due.documents]) for due in found]
