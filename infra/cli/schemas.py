"""`muniment schemas`: what the topics carry, whether it may change like this, and registries outside."""

import json
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from muniment.infra.registering import Findings


def register(app: typer.Typer) -> None:
    """Add the commands."""
    schemas = typer.Typer(help="Schemas of the topics: show, check, bring into a registry.", no_args_is_help=True)
    schemas.command("list")(list_)
    schemas.command("show")(show)
    schemas.command("check")(check)
    schemas.command("register")(register_)
    app.add_typer(schemas, name="schemas")


def list_(as_json: bool = typer.Option(False, "--json", help="As JSON.")) -> None:
    """Every schema with its id and topic."""
    from muniment.schemas.catalogue import declarations
    from muniment.schemas.schema_ids import ids

    every = sorted(declarations(), key=lambda one: ids()[one.key])
    if as_json:
        rows = [{"id": ids()[one.key], "schema": one.key, "topic": one.topic.name} for one in every]
        print(json.dumps(rows, indent=2))
        return
    from rich.console import Console

    from muniment.infra.cli import render

    console = Console()
    shown = [(ids()[one.key], one.key, one.topic.name, ", ".join(name for name, _ in one.personal)) for one in every]
    columns = ("id", "schema", "topic", "sealed")
    console.print(render.table(columns, shown, right={"id"}, whole={"schema"}, spare=("sealed",), width=console.width))


def show(
    name: str = typer.Argument(help="`DocumentSubmitted`, its version `DocumentSubmitted.v1`, or an id of a record."),
) -> None:
    """One schema as JSON: the newest version, unless another is named."""
    from muniment.schemas.catalogue import declarations
    from muniment.schemas.schema_ids import ids

    known = sorted(declarations(), key=lambda one: one.version)
    found = [one for one in known if name in {one.name, one.key, str(ids()[one.key])}]
    if not found:
        typer.echo(f"muniment: there is no schema {name}: `muniment schemas list` shows what there is", err=True)
        raise typer.Exit(1)
    print(json.dumps(found[-1].schema, indent=2, ensure_ascii=False))


def check() -> None:
    """Whether the declared schemas may follow the committed ones; exit code 1, and a sentence for each fault, if not.

    Every version has to read the records of every other one (FULL_TRANSITIVE), inside sealed fields, too.
    """
    from muniment.schemas import export
    from muniment.schemas.catalogue import declarations

    found = export.faults()
    new = [one.key for one in declarations() if one.key not in export.committed()]
    for why in found:
        typer.echo(f"muniment: {why}", err=True)
    if found:
        raise typer.Exit(1)
    print(f"{len(declarations())} schemas: each version reads the records of every other")
    for key in new:
        print(f"{key} is new: `make schemas` gives it an id")


def register_(
    to: str = typer.Option("", "--to", help="Its address; MUNIMENT_SCHEMA_REGISTRY_URL when not given."),
    only_check: bool = typer.Option(False, "--check", help="Change nothing: exit code 1 unless all is there."),
    as_json: bool = typer.Option(False, "--json", help="As JSON."),
) -> None:
    """Bring every schema, under the id that records carry, into a Schema Registry outside; repeat it as you like.

    Exit code 1, and nothing changed, when an id is taken there by another schema.
    """
    from muniment.infra.acting import acting
    from muniment.infra.not_set import NotSetError
    from muniment.infra.registering import NotRegistered, OutsideRegistry, places
    from muniment.infra.stack.record import load_settings
    from muniment.schemas.catalogue import declarations

    settings = load_settings()
    setting = settings.schema_registry_url
    address = to or (setting.get_secret_value() if setting else "")
    if not address:
        raise NotSetError("which registry? name its address by --to, or set MUNIMENT_SCHEMA_REGISTRY_URL")
    try:
        with OutsideRegistry(address) as outside:
            found = outside.look(places(declarations()))
            if not (found.wrong or only_check):
                with acting(settings, "schemas.register", kind="schema_registry", entity=outside.name):
                    outside.register(found.missing)
    except NotRegistered as error:
        typer.echo(f"muniment: {error}", err=True)
        raise typer.Exit(1) from None
    _tell(found, outside.name, done=not only_check, as_json=as_json)
    raise typer.Exit(1 if found.wrong or (only_check and found.missing) else 0)


def _tell(found: "Findings", name: str, *, done: bool, as_json: bool) -> None:
    if as_json:
        told = {"equal": len(found.equal), "missing": [str(place) for place in found.missing], "wrong": found.wrong}
        print(json.dumps(told, indent=2))
        return
    for why in found.wrong:
        typer.echo(f"muniment: {why}", err=True)
    if found.wrong:
        typer.echo("muniment: nothing was changed", err=True)
        return
    verb = "registered" if done else "missing"
    print(f"{name}: {len(found.equal)} as they are here, {len(found.missing)} {verb}")
