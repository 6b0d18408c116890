"""`muniment history`: everything that happened to a document, a job or a project, in the order of the log."""

import json
from typing import Any
from uuid import UUID

import typer

_PAGE = 200
_CAUSES = 3


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("history")(history)


def history(
    identity: UUID = typer.Argument(metavar="ID", help="A document, a job, a project, an episode or a draft."),
    limit: int = typer.Option(0, "--limit", "-n", min=0, help="Only the first so many events."),
    as_json: bool = typer.Option(False, "--json", help="One event a line, as the API has it."),
) -> None:
    """Each event of a document, a job, a project, an episode or a draft: when, what, who, why, what it changed.

    Needs the scope `audit`.
    """
    from muniment.infra.cli import ordering

    items = ordering.asked(lambda api: _all(api, identity, limit))
    if as_json:
        for item in items:
            print(json.dumps(item, ensure_ascii=False))
        return
    from rich.console import Console

    console = Console()
    for number, item in enumerate(items):
        if number:
            console.print()
        _show(console, item)


async def _all(api: Any, identity: UUID, limit: int) -> list[dict[str, Any]]:
    from muniment.infra.cli.client import ApiError

    for of in ("documents", "jobs", "projects", "episodes", "drafts"):
        try:
            return await _pages(api, f"/v1/{of}/{identity}/history", limit)
        except ApiError as error:
            if error.code != "not_found":
                raise
            refused = error
    detail = "there is no document, job, project, episode or draft of this id"
    raise ApiError("not_found", detail, refused.remedy, refused.request_id)


async def _pages(api: Any, path: str, limit: int) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    cursor = None
    while not limit or len(items) < limit:
        wanted = min(_PAGE, limit - len(items)) if limit else _PAGE
        page = await api.get(path, limit=wanted, cursor=cursor)
        items += page["items"]
        cursor = page["next_cursor"]
        if not cursor:
            break
    return items


def _show(console: Any, item: dict[str, Any]) -> None:
    from rich.text import Text

    who = item["actor"] or "nobody named"
    console.print(Text.assemble((item["at"], "dim"), "  ", (item["event"], "bold"), f"  by {item['source']} for {who}"))
    lines = [Text(f"at {item['position']}, job {item['job_id']}", style="dim")]
    if item["reason"]:
        lines.append(Text(f"why: {item['reason']}", style="yellow"))
    if causes := item["causes"]:
        names = [cause["event"] for cause in causes[:_CAUSES]]
        more = [f"… {len(causes) - _CAUSES} more"] if len(causes) > _CAUSES else []
        lines.append(Text("because of " + " ← ".join([*names, *more]), style="dim"))
    lines += [_changed(change) for change in item["changes"]]
    for line in lines:
        console.print(Text("    ").append_text(line), soft_wrap=True)


def _changed(change: dict[str, Any]) -> Any:
    from rich.text import Text

    before, after = _said(change["before"]), _said(change["after"])
    return Text.assemble(
        f"{change['of']}: {change['field'].replace('_', ' ')} ", (before, "red"), " → ", (after, "green")
    )


def _said(value: Any) -> str:
    if value is None:
        return "nothing"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
