"""`muniment projects`: begin, look at, change, put away and delete projects, and put documents into them."""

import json
from uuid import UUID

import typer

from muniment.infra.cli.changing import Because, Cascade, Revision, Yes, changed, put_away, sure, taken_up, tell
from muniment.infra.cli.episodes import episodes
from muniment.infra.cli.ordering import AsJson, AsOf, got

projects = typer.Typer(help="Projects: documents and the episodes that are made of them.", no_args_is_help=True)
projects.add_typer(episodes, name="episodes")
Project = typer.Argument(help="The project.")
Documents = typer.Argument(help="Documents.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(projects, name="projects")


@projects.command("list")
def list_projects(
    *,
    archived: bool | None = typer.Option(None, "--archived/--open", help="Only those that are put away, or are not."),
    text: str | None = typer.Option(None, "--text", help="Only where the title contains this."),
    document: UUID | None = typer.Option(None, "--document", "-d", help="Only those that have this document."),
    limit: int = typer.Option(20, "--limit", "-n", min=1, max=200, help="How many."),
    as_of: str | None = AsOf,
    as_json: bool = AsJson,
) -> None:
    """The newest projects."""
    asked = {"archived": archived, "q": text, "document_id": str(document) if document else None, "as_of": as_of}
    found = got("/v1/projects", limit=limit, **asked)
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    from rich.console import Console

    from muniment.infra.cli import render

    columns = ("project", "title", "episodes", "documents", "revision", "changed", "")
    rows = [
        (
            p["project_id"],
            p["title"],
            p["episodes"],
            p["documents"],
            p["revision"],
            render.ago(p["updated_at"]),
            "archived" if p["archived"] else "",
        )
        for p in found["items"]
    ]
    console = Console()
    right = {"episodes", "documents", "revision"}
    shown = render.table(columns, rows, whole={"project"}, right=right, spare=("revision",), width=console.width)
    narrowed = text or document or archived is not None or as_of
    nothing = "no such projects" if narrowed else "no projects yet: `muniment projects create TITLE`"
    console.print(shown if rows else nothing)


@projects.command("create")
def create(
    title: str = typer.Argument(help="What it is called."),
    description: str = typer.Option("", "--description", help="What it is about."),
    as_json: bool = AsJson,
) -> None:
    """Begin a project."""
    found = changed("POST", "/v1/projects", {"title": title, "description": description})
    tell(found, found["project_id"], as_json=as_json)


@projects.command("show")
def show(project: UUID = Project, as_of: str | None = AsOf, as_json: bool = AsJson) -> None:
    """One project with its episodes."""
    found = got(f"/v1/projects/{project}", as_of=as_of)
    inside = got(f"/v1/projects/{project}/episodes", limit=200, as_of=as_of)["items"]
    if as_json:
        print(json.dumps(found | {"episodes": inside}, ensure_ascii=False))
        return
    from rich.console import Console

    from muniment.infra.cli import render

    console = Console()
    kept = [(name.replace("_", " "), value) for name, value in found.items() if value not in {"", None}]
    console.print(render.table(("", "project"), kept))
    columns = ("", "episode", "title", "script", "revision", "changed")
    rows = [
        (
            e["place"],
            e["episode_id"],
            e["title"] + (" (archived)" if e["archived"] else ""),
            f"version {e['number']}" if e["number"] else "",
            e["revision"],
            render.ago(e["updated_at"]),
        )
        for e in inside
    ]
    table = render.table(columns, rows, whole={"episode"}, right={"", "revision"}, width=console.width)
    console.print(table if rows else "no episodes yet: `muniment projects episodes create PROJECT TITLE`")


@projects.command("update")
def update(
    project: UUID = Project,
    title: str | None = typer.Option(None, "--title", help="What it is called from now on."),
    description: str | None = typer.Option(None, "--description", help="What it is about."),
    revision: int | None = Revision,
    as_json: bool = AsJson,
) -> None:
    """Change what a project says of itself."""
    body = {"title": title, "description": description}
    found = changed("PATCH", f"/v1/projects/{project}", body, revision=revision)
    tell(found, f"changed, revision {found['revision']}", as_json=as_json)


@projects.command("archive")
def archive(project: UUID = Project, revision: int | None = Revision, as_json: bool = AsJson) -> None:
    """Put a project away: it can be read, and nothing in it changed."""
    put_away(f"/v1/projects/{project}", revision=revision, as_json=as_json)


@projects.command("restore")
def restore(project: UUID = Project, revision: int | None = Revision, as_json: bool = AsJson) -> None:
    """Take an archived project up again."""
    taken_up(f"/v1/projects/{project}", revision=revision, as_json=as_json)


@projects.command("delete")
def delete(
    project: UUID = Project,
    *,
    cascade: bool = Cascade,
    reason: str = Because,
    revision: int | None = Revision,
    yes: bool = Yes,
) -> None:
    """Delete a project; its documents stay. Without --cascade only one that has no episodes."""
    if cascade:
        sure("Delete the project with all its episodes and drafts?", yes=yes)
    changed("DELETE", f"/v1/projects/{project}", revision=revision, cascade=cascade, reason=reason)
    print("deleted")


@projects.command("add-documents")
def add_documents(project: UUID = Project, documents: list[UUID] = Documents, as_json: bool = AsJson) -> None:
    """Put documents into a project; a document may be in many."""
    _documents(project, {"add": [str(one) for one in documents]}, as_json=as_json)


@projects.command("remove-documents")
def remove_documents(project: UUID = Project, documents: list[UUID] = Documents, as_json: bool = AsJson) -> None:
    """Take documents out of a project; they stay where they are otherwise."""
    _documents(project, {"remove": [str(one) for one in documents]}, as_json=as_json)


def _documents(project: UUID, body: dict[str, list[str]], *, as_json: bool) -> None:
    address = f"/v1/projects/{project}"
    found = changed("POST", f"{address}/documents", body)
    count = found["documents"]
    tell(found, f"{count} document{'' if count == 1 else 's'} in it", as_json=as_json)
