"""`muniment projects episodes`: the episodes of a project."""

import json
from uuid import UUID

import typer

from muniment.infra.cli.changing import Because, Cascade, Revision, Yes, changed, put_away, sure, taken_up, tell
from muniment.infra.cli.ordering import AsJson, AsOf, got

episodes = typer.Typer(help="The episodes of a project, in their order.", no_args_is_help=True)
Project = typer.Argument(help="The project.")
Episode = typer.Argument(help="The episode.")


@episodes.command("list")
def list_episodes(
    project: UUID = Project,
    archived: bool | None = typer.Option(None, "--archived/--open", help="Only those that are put away, or are not."),
    limit: int = typer.Option(50, "--limit", "-n", min=1, max=200, help="How many."),
    as_of: str | None = AsOf,
    as_json: bool = AsJson,
) -> None:
    """The episodes of a project, in their order."""
    found = got(f"/v1/projects/{project}/episodes", archived=archived, limit=limit, as_of=as_of)
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    from rich.console import Console

    from muniment.infra.cli import render

    columns = ("", "episode", "title", "script", "revision", "changed", "state")
    rows = [
        (
            e["place"],
            e["episode_id"],
            e["title"],
            f"version {e['number']}" if e["number"] else "",
            e["revision"],
            render.ago(e["updated_at"]),
            "archived" if e["archived"] else "",
        )
        for e in found["items"]
    ]
    console = Console()
    shown = render.table(columns, rows, whole={"episode"}, right={"", "revision"}, width=console.width)
    console.print(shown if rows else "no episodes")


@episodes.command("create")
def create(
    project: UUID = Project,
    title: str = typer.Argument(help="What it is called."),
    brief: str = typer.Option("", "--brief", "-b", help="What its script is to be about."),
    position: int | None = typer.Option(None, "--position", min=0, help="Where, from 0; else at the end."),
    as_json: bool = AsJson,
) -> None:
    """Begin an episode."""
    body = {"title": title, "brief": brief, "position": position}
    found = changed("POST", f"/v1/projects/{project}/episodes", body)
    tell(found, found.get("episode_id", ""), as_json=as_json)


@episodes.command("show")
def show(project: UUID = Project, episode: UUID = Episode, as_of: str | None = AsOf, as_json: bool = AsJson) -> None:
    """One episode."""
    found = got(f"/v1/projects/{project}/episodes/{episode}", as_of=as_of)
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    from rich.console import Console

    from muniment.infra.cli import render

    kept = [(name.replace("_", " "), value) for name, value in found.items() if value not in {"", None}]
    Console().print(render.table(("", "episode"), kept))


@episodes.command("update")
def update(
    project: UUID = Project,
    episode: UUID = Episode,
    *,
    title: str | None = typer.Option(None, "--title", help="What it is called from now on."),
    brief: str | None = typer.Option(None, "--brief", "-b", help="What its script is to be about."),
    revision: int | None = Revision,
    as_json: bool = AsJson,
) -> None:
    """Change what an episode says of itself."""
    address = f"/v1/projects/{project}/episodes/{episode}"
    found = changed("PATCH", address, {"title": title, "brief": brief}, revision=revision)
    tell(found, f"changed, revision {found['revision']}", as_json=as_json)


@episodes.command("move")
def move(
    project: UUID = Project,
    episode: UUID = Episode,
    position: int = typer.Argument(min=0, help="Where, from 0, among the others."),
    revision: int | None = Revision,
    as_json: bool = AsJson,
) -> None:
    """Put an episode at another place."""
    address = f"/v1/projects/{project}/episodes/{episode}"
    found = changed("POST", f"{address}/move", {"position": position}, revision=revision)
    tell(found, f"at {found['place']}, revision {found['revision']}", as_json=as_json)


@episodes.command("archive")
def archive(
    project: UUID = Project, episode: UUID = Episode, revision: int | None = Revision, as_json: bool = AsJson
) -> None:
    """Put an episode away; it keeps its place."""
    put_away(f"/v1/projects/{project}/episodes/{episode}", revision=revision, as_json=as_json)


@episodes.command("restore")
def restore(
    project: UUID = Project, episode: UUID = Episode, revision: int | None = Revision, as_json: bool = AsJson
) -> None:
    """Take an archived episode up again."""
    taken_up(f"/v1/projects/{project}/episodes/{episode}", revision=revision, as_json=as_json)


@episodes.command("delete")
def delete(
    project: UUID = Project,
    episode: UUID = Episode,
    *,
    cascade: bool = Cascade,
    reason: str = Because,
    revision: int | None = Revision,
    yes: bool = Yes,
) -> None:
    """Delete an episode. Without --cascade only one that has no drafts."""
    if cascade:
        sure("Delete the episode with all its drafts?", yes=yes)
    address = f"/v1/projects/{project}/episodes/{episode}"
    changed("DELETE", address, revision=revision, cascade=cascade, reason=reason)
    print("deleted")
