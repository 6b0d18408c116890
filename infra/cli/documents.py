"""`muniment documents`: list, show, delete."""

import asyncio
import json
from typing import Any
from uuid import UUID

import typer

documents = typer.Typer(help="The documents that are there.", invoke_without_command=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(documents, name="documents")


@documents.callback()
def default(context: typer.Context) -> None:
    """The documents that are there; without a subcommand, the newest."""
    if context.invoked_subcommand is None:
        list_documents(status=None, text=None, limit=20, as_json=False)


@documents.command("list")
def list_documents(
    status: str | None = typer.Option(
        None, "--status", help="submitted, extracted, chunked, indexed, refused, cancelled or failed."
    ),
    text: str | None = typer.Option(None, "--text", help="Only where title or file name contains this."),
    limit: int = typer.Option(20, "--limit", "-n", min=1, max=200, help="How many."),
    as_json: bool = typer.Option(False, "--json", help="The API's answer as JSON."),
) -> None:
    """The newest documents."""
    found = _ask("GET", "/v1/documents", status=status, q=text, limit=limit)
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    from rich.console import Console

    from muniment.infra.cli import render

    columns = ("document", "title", "status", "version", "size", "pages", "updated")
    rows = [
        (
            d["document_id"],
            d["title"] or d["file_name"],
            render.state(d["status"]),
            d["active_version"] or d["latest_version"],
            render.size(d["size_bytes"]),
            d["pages"],
            render.ago(d["updated_at"]),
        )
        for d in found["items"]
    ]
    console = Console()
    shown = render.table(
        columns,
        rows,
        right={"version", "size", "pages"},
        whole={"document", "status", "updated"},
        spare=("pages", "version", "size"),
        width=console.width,
    )
    narrowed = status or text
    console.print(shown if rows else "no such documents" if narrowed else "no documents yet: `muniment ingest PATH`")


@documents.command("show")
def show(
    document_id: UUID = typer.Argument(help="The document."),
    as_json: bool = typer.Option(False, "--json", help="Document and versions as JSON."),
) -> None:
    """One document with its versions."""
    document = _ask("GET", f"/v1/documents/{document_id}")
    versions = _ask("GET", f"/v1/documents/{document_id}/versions")["items"]
    if as_json:
        print(json.dumps(document | {"versions": versions}, ensure_ascii=False))
        return
    from rich.console import Console

    from muniment.infra.cli import render

    console = Console()
    kept = {k: v for k, v in document.items() if v not in (None, {}) and k != "error"}
    if "metadata" in kept:
        kept["metadata"] = "\n".join(f"{name}={value}" for name, value in kept["metadata"].items())
    console.print(render.table(("", "document"), [(k.replace("_", " "), v) for k, v in kept.items()]))
    columns = ("version", "status", "size", "chunks", "submitted", "why")
    rows = [
        (
            f"{v['version']}{' *' if v['active'] else ''}",
            render.state(v["status"]),
            render.size(v["size_bytes"]),
            v["chunks"],
            render.ago(v["submitted_at"]),
            render.why(v),
        )
        for v in versions
    ]
    console.print(render.table(columns, rows, right=frozenset({"size", "chunks"})))
    console.print("* is what search sees", style="dim")


@documents.command("delete")
def delete(
    document_id: UUID = typer.Argument(help="The document."),
    reason: str = typer.Option("deleted on request", "--reason", help="Kept on the log, sealed."),
    as_json: bool = typer.Option(False, "--json", help="The API's answer as JSON."),
) -> None:
    """Delete a document with all its versions from everything that can be read."""
    done = _ask("DELETE", f"/v1/documents/{document_id}", reason=reason)
    print(json.dumps(done) if as_json else f"deleting, job {done['job_id']}")


def _ask(method: str, path: str, **params: Any) -> Any:
    from muniment.infra.cli.client import Client, find_access, told

    async def ask() -> Any:
        async with Client(find_access()) as api:
            return await (api.get if method == "GET" else api.delete)(path, **params)

    with told():
        return asyncio.run(ask())
