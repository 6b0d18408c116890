"""`muniment projections`: read models, how far they are, what they pass by, and the schemas beside the live ones."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from muniment.infra.cli.ordering import AsJson, Reason, ordered, segment

if TYPE_CHECKING:
    from muniment.projections.replaying.shadow import Kept

T = TypeVar("T")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    projections = typer.Typer(help="Read models: state, events passed by, old versions.", no_args_is_help=True)
    projections.command("list")(list_)
    projections.command("skip")(skip)
    projections.command("unskip")(unskip)
    projections.command("kept")(kept)
    projections.command("drop")(drop)
    app.add_typer(projections, name="projections")


def list_(as_json: bool = typer.Option(False, "--json", help="As JSON.")) -> None:
    """Each projection's state, live schema and lag, as its process tells."""
    import httpx2
    from rich.console import Console

    from muniment.infra.cli import render
    from muniment.infra.cli.failing import tell
    from muniment.infra.stack.parts import reach
    from muniment.infra.stack.record import load_settings

    settings = load_settings()
    if not settings.projections_port:
        tell(f"no Muniment runs in {settings.home.resolve()} (no_stack)\ndo: start one with `muniment up`")
        raise typer.Exit(1)
    url = f"http://{reach(settings.web_host)}:{settings.projections_port}/health"
    try:
        found: dict[str, Any] = httpx2.get(url, timeout=5, trust_env=False).json()["parts"]
    except (httpx2.HTTPError, ValueError, KeyError) as error:
        tell(f"{url} does not answer as projections do: {type(error).__name__}\ndo: see `muniment doctor`")
        raise typer.Exit(1) from None
    if as_json:
        print(json.dumps(found, indent=2))
        return
    told = ("state", "schema", "lag", "applied", "parked", "error")
    rows = [
        (name, *(part.get(key) for key in told), (part.get("drift") or {}).get("rows")) for name, part in found.items()
    ]
    right = {"lag", "applied", "parked", "drift"}
    Console().print(render.table(("projection", *told, "drift"), rows, right=right, whole={"projection"}))


def kept(as_json: bool = typer.Option(False, "--json", help="As JSON.")) -> None:
    """Schemas that nobody reads: replaced ones, unfinished replays, parts of the log. They take up room."""
    from dataclasses import asdict

    from rich.console import Console

    from muniment.infra.cli import render

    found = kept_schemas()
    if as_json:
        print(json.dumps([asdict(one) for one in found], default=str, indent=2))
        return
    rows = [
        (o.schema, o.projection, o.version, o.why, render.ago(o.since.isoformat()), f"{o.size / 1024**2:,.1f} MiB")
        for o in found
    ]
    columns = ("schema", "projection", "version", "why", "since", "size")
    shown = render.table(columns, rows, right={"version", "size"}, whole={"schema"})
    Console().print(shown if rows else "nothing is kept beside the live read models")


def drop(
    schemas: list[str] = typer.Argument(..., metavar="SCHEMA...", help="As `muniment projections kept` names them."),
    reason: str = Reason,
) -> None:
    """Remove schemas that nobody reads: old read models, unfinished replays. Never a live one."""
    from muniment.infra.acting import acting
    from muniment.infra.cli.failing import tell
    from muniment.infra.stack.record import load_settings

    there = {one.schema: one for one in kept_schemas()}
    for schema in schemas:
        if schema not in there:
            tell(f"{schema} is no schema that could be dropped\nthere are: {', '.join(sorted(there)) or 'none'}")
            raise typer.Exit(1)
        with acting(load_settings(), "read_model.drop", kind="projection", entity=schema, reason=reason) as act:
            gone = dropped(there[schema], reason)
            act.reason = reason if gone else "left in place: still being read"
        if not gone:
            tell(f"{schema} is still being read, and is left in place\ndo: try again")
            raise typer.Exit(1)
        print(f"{schema} is gone")


def kept_schemas() -> "list[Kept]":
    """The schemas that nobody reads."""
    from muniment.projections.replaying import shadow

    return _asked(shadow.kept)


def dropped(one: "Kept", reason: str) -> bool:
    """Remove it, on the record; false while it is still being read."""
    from muniment.infra import replaying
    from muniment.infra.not_set import required
    from muniment.infra.stack.record import load_settings

    brokers = required(load_settings().kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP")
    return _asked(lambda connection: replaying.dropped(brokers, connection, one, reason))


def _asked(work: Callable[[Any], Awaitable[T]]) -> T:
    """What the work gives on a connection to the database."""
    from muniment.infra import bootstrap
    from muniment.infra.stack.record import load_settings
    from muniment.producers.postgres import database
    from muniment.projections.database import connect

    async def run() -> T:
        async with database():
            connection = await connect(bootstrap.database_url(load_settings()), "projections")
        try:
            return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(run())


def skip(
    name: str = typer.Argument(help="The projection."),
    place: str = typer.Argument(help="The event, as topic:partition:offset."),
    reason: str = Reason,
    as_json: bool = AsJson,
) -> None:
    """Let a projection pass by an event, in every replay and in continuous work; on the record, with who and why."""
    done = ordered("POST", f"/v1/projections/{segment(name)}/skips", {"place": place, "reason": reason})
    print(json.dumps(done, ensure_ascii=False) if as_json else f"{name} passes by {place} from now on")


def unskip(
    name: str = typer.Argument(help="The projection."),
    place: str = typer.Argument(help="The event, as topic:partition:offset."),
    reason: str = Reason,
    as_json: bool = AsJson,
) -> None:
    """Let a projection fold an event again; what has passed it by does so in the next `muniment replay`."""
    done = ordered("POST", f"/v1/projections/{segment(name)}/unskips", {"place": place, "reason": reason})
    print(json.dumps(done, ensure_ascii=False) if as_json else f"{name} folds {place} from the next replay on")
