"""`muniment keys`: make, list and revoke API keys. Talks to the database, because the first key has to come first."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any, TypeVar

import typer

from muniment.api.keys import ApiKey, Scope, create_key, list_keys, revoke_key

keys = typer.Typer(help="API keys: who may do what.", no_args_is_help=True)
T = TypeVar("T")
ORDINARY = [Scope.DOCUMENTS_READ, Scope.DOCUMENTS_WRITE, Scope.SEARCH]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    # The commands about the keys that open the log are a file of their own.
    import_module("muniment.infra.cli.data_keys").register(keys)
    app.add_typer(keys, name="keys")


@keys.command("create")
def create(
    name: str = typer.Argument(help="What the key is for."),
    tenant: str = typer.Option("default", "--tenant", "-t", help="Whose things it opens."),
    scope: list[Scope] = typer.Option(ORDINARY, "--scope", "-s", help="What it may do; may be given again."),
    days: int | None = typer.Option(None, "--days", min=1, max=36500, help="After how many days it expires."),
    as_json: bool = typer.Option(False, "--json", help="As JSON."),
) -> None:
    """Make a key. Its secret is shown now and never again: only a hash is kept."""
    from muniment.infra.acting import acting
    from muniment.infra.stack.record import load_settings

    expires = datetime.now(UTC) + timedelta(days=days) if days else None
    try:
        with acting(load_settings(), "key.create", kind="key", tenant=tenant) as act:
            made = _with_database(
                lambda connection: create_key(connection, tenant=tenant, name=name, scopes=scope, expires_at=expires)
            )
            act.entity, act.reason = made.key.key_id, f"scopes {', '.join(sorted(made.key.scopes))}"
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if as_json:
        print(json.dumps(_shown(made.key) | {"key": made.token}))
        return
    print(made.token)
    scopes = ", ".join(sorted(made.key.scopes))
    typer.echo(f"for tenant {tenant}: {scopes}. Keep it now, it is not shown again.", err=True)


@keys.command("list")
def show(
    tenant: str | None = typer.Option(None, "--tenant", "-t", help="Only this tenant's."),
    as_json: bool = typer.Option(False, "--json", help="As JSON."),
) -> None:
    """All keys, never their secrets."""
    found = _with_database(lambda connection: list_keys(connection, tenant))
    if as_json:
        print(json.dumps([_shown(key) for key in found]))
        return
    from rich.console import Console

    from muniment.infra.cli import render

    columns = ("key", "name", "tenant", "scopes", "created", "used", "state")
    rows = [
        (
            key.key_id,
            key.name,
            key.tenant,
            ", ".join(sorted(key.scopes)),
            render.ago(key.created_at.isoformat()),
            render.ago(key.last_used_at.isoformat()) if key.last_used_at else "never",
            _state(key),
        )
        for key in found
    ]
    console = Console()
    shown = render.table(columns, rows, whole={"key"}, spare=("created", "used", "tenant"), width=console.width)
    console.print(shown if rows else "no keys yet: `muniment keys create NAME`")


@keys.command("revoke")
def revoke(key_id: str = typer.Argument(help="The key's id, the middle part of its token.")) -> None:
    """Revoke a key; the API refuses it within five seconds. Exit code 1 when there is none to revoke."""
    from muniment.infra.acting import acting
    from muniment.infra.stack.record import load_settings

    if key_id.startswith("mun_"):
        # Somebody pasted the whole token: the id in it is enough.
        key_id = key_id.split("_")[1]
    with acting(load_settings(), "key.revoke", kind="key", entity=key_id):
        if not _with_database(lambda connection: revoke_key(connection, key_id)):
            typer.echo("muniment: there is no such key that is not revoked already", err=True)
            raise typer.Exit(1)
    print(f"revoked {key_id}")


def _state(key: ApiKey) -> str:
    if key.revoked_at:
        return "revoked"
    return "valid" if key.valid_at(datetime.now(UTC)) else "expired"


def _shown(key: ApiKey) -> dict[str, Any]:
    def moment(value: datetime | None) -> str | None:
        return value.isoformat() if value else None

    return {
        "key_id": key.key_id,
        "tenant": key.tenant,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "created_at": moment(key.created_at),
        "expires_at": moment(key.expires_at),
        "revoked_at": moment(key.revoked_at),
        "last_used_at": moment(key.last_used_at),
        "state": _state(key),
    }


def _with_database(work: Callable[[Any], Awaitable[T]]) -> T:
    import asyncpg

    from muniment.infra.bootstrap import database_url
    from muniment.infra.stack.record import load_settings
    from muniment.producers.postgres import database

    async def run() -> T:
        async with database():
            connection = await asyncpg.connect(database_url(load_settings()), timeout=10)
        try:
            return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(run())
