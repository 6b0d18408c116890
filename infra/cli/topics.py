"""`muniment topics`: what the broker's topics are, against what they are declared to be."""

import asyncio
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from muniment.infra.cli.ordering import said

if TYPE_CHECKING:
    from muniment.infra.topics import Change


def register(app: typer.Typer) -> None:
    """Add the commands."""
    topics = typer.Typer(help="Declared topics and those on the broker.", no_args_is_help=True)
    topics.command("list")(list_)
    topics.command("diff")(diff)
    topics.command("apply")(apply)
    topics.command("accept")(accept)
    app.add_typer(topics, name="topics")


def list_(as_json: bool = typer.Option(False, "--json", help="As JSON.")) -> None:
    """Every declared topic."""
    from muniment.infra.stack.record import load_settings
    from muniment.schemas.topics import DAY_MS, TOPICS

    partitions = load_settings().partitions
    if as_json:
        print(json.dumps([asdict(t) | {"partitions": t.partitions or partitions} for t in TOPICS], indent=2))
        return
    from rich.console import Console

    from muniment.infra.cli import render

    rows = []
    for topic in TOPICS:
        kept = "for ever" if topic.retention_ms < 0 else f"{topic.retention_ms // DAY_MS} days"
        rows.append((topic.name, topic.partitions or partitions, kept, "yes" if topic.audited else "", topic.purpose))
    columns = ("topic", "partitions", "kept", "audited", "purpose")
    console = Console()
    console.print(
        render.table(
            columns, rows, right={"partitions"}, whole={"topic", "kept"}, spare=("audited",), width=console.width
        )
    )


def diff(as_json: bool = typer.Option(False, "--json", help="As JSON.")) -> None:
    """What `apply` would change; exit code 1 when there is anything."""
    from muniment.infra import topics as declared
    from muniment.infra.not_set import required
    from muniment.infra.stack.record import load_settings

    settings = load_settings()
    address = required(settings.kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP")
    changes = asyncio.run(declared.plan(address, settings.partitions, replication=settings.replication_factor))
    _show(changes, as_json=as_json, done=False)
    raise typer.Exit(1 if any(not change.left for change in changes) else 0)


def apply(as_json: bool = typer.Option(False, "--json", help="As JSON.")) -> None:
    """Make the broker's topics what is declared; refuses what would lose records or order (exit code 1)."""
    from muniment.infra import topics as declared
    from muniment.infra.acting import acting
    from muniment.infra.not_set import required
    from muniment.infra.stack.record import load_settings

    settings = load_settings()
    address = required(settings.kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP")
    with acting(settings, "topics.apply", kind="topic") as act:
        changes = asyncio.run(declared.apply(address, settings.partitions, replication=settings.replication_factor))
        act.reason = declared.made(changes) or "nothing to change"
    _show(changes, as_json=as_json, done=True)
    raise typer.Exit(1 if any(change.refused for change in changes) else 0)


def accept(
    topic: str = typer.Argument(help="The audited topic, by its declared name."),
    reason: str = typer.Option(
        ..., "--reason", help="Why it is as it is; goes on the record, in clear.", callback=said
    ),
) -> None:
    """Take the offsets of an audited topic as they are from now on: ends the alarm that records of it are gone.

    Nothing comes back by it. Exit code 1 when there was no such alarm.
    """
    from muniment.infra.acting import acting, actor
    from muniment.infra.log_watch.accepting import accept_topic
    from muniment.infra.stack.record import load_settings
    from muniment.schemas.topics import TOPICS

    names = sorted(one.name for one in TOPICS if one.audited)
    if topic not in names:
        raise typer.BadParameter(f"no such audited topic; there are {', '.join(names)}")
    settings = load_settings()
    with acting(settings, "topic.accept", kind="topic", entity=topic, reason=reason):
        ended = asyncio.run(accept_topic(settings, topic, actor(), reason))
    for one in ended:
        print(f"accepted {one}")
    if not ended:
        typer.echo(f"muniment: nothing was wrong with the offsets of {topic}", err=True)
        raise typer.Exit(1)


def _show(changes: "list[Change]", *, as_json: bool, done: bool) -> None:
    if as_json:
        print(json.dumps([asdict(change) for change in changes], indent=2))
        return
    for change in changes:
        if change.left:
            print(f"warning  {change.topic}: without {change.what} - {change.left}")
            continue
        verb = "refused" if change.refused else "done" if done else "would"
        print(f"{verb:8} {change.topic}: {change.what}{' - ' + change.refused if change.refused else ''}")
    if not changes:
        print("the topics are as declared")
