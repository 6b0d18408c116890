"""`muniment search`: ask, and see where the answers stand."""

import asyncio
import json
from enum import StrEnum
from typing import Any
from uuid import UUID

import typer


class Mode(StrEnum):
    """How to search."""

    HYBRID = "hybrid"
    VECTOR = "vector"
    TEXT = "text"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(search)


def search(
    *,
    query: str = typer.Argument(help="Words, or a question."),
    mode: Mode = typer.Option(Mode.HYBRID, "--mode", "-m", help="By meaning, by words, or both."),
    k: int = typer.Option(5, "--k", "-k", min=1, max=100, help="Most hits."),
    where: list[str] = typer.Option([], "--where", "-w", help="name=value: only documents with this metadata."),
    document: UUID | None = typer.Option(None, "--document", help="Only this document."),
    as_json: bool = typer.Option(False, "--json", help="The API's answer as JSON."),
) -> None:
    """Search the documents. Exit code 0: hits; 4: none; 1: it did not work."""
    from muniment.infra.cli.client import told

    if wrong := [pair for pair in where if "=" not in pair]:
        raise typer.BadParameter(f"{wrong[0]!r} is not name=value", param_hint="--where")
    params = {"q": query, "mode": mode.value, "k": k, "metadata": where or None, "document_id": document}
    with told():
        found = asyncio.run(_ask(params))
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        from rich.console import Console

        from muniment.infra.cli.render import show_hits

        show_hits(Console(), found)
    if not found["hits"]:
        raise typer.Exit(4)


async def _ask(params: dict[str, Any]) -> Any:
    from muniment.infra.cli.client import Client, find_access

    async with Client(find_access()) as api:
        return await api.get("/v1/search", **params)
