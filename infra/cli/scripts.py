"""`muniment scripts`: have drafts written, make something of them, settle which one counts."""

import json
import sys
from contextlib import aclosing
from pathlib import Path
from typing import Any
from uuid import UUID

import typer

from muniment.infra.cli import scripts_showing as showing
from muniment.infra.cli.client import Client
from muniment.infra.cli.ordering import AsJson, AsOf, asked, got

scripts = typer.Typer(help="Scripts: drafts from documents, and what becomes of them.", no_args_is_help=True)
Project = typer.Argument(help="The project.")
Episode = typer.Argument(help="The episode.")
Draft = typer.Argument(help="The draft.")
PAGE = 200
SILENT_S = 120.0


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(scripts, name="scripts")


@scripts.command("generate")
def generate(
    project: UUID = Project,
    episode: UUID = Episode,
    *,
    brief: str = typer.Option("", "--brief", "-b", help="What it is to be about; else the episode's brief."),
    template: str = typer.Option("script", "--template", help="How it is to be written."),
    language: str = typer.Option("en", "--language", help="en or ko."),
    max_tokens: int = typer.Option(2000, "--max-tokens", min=1, help="Of the text, at most."),
    document: list[UUID] = typer.Option([], "--document", "-d", help="Only from this document; may be given again."),
    no_wait: bool = typer.Option(False, "--no-wait", help="Do not follow it to its end."),
    as_json: bool = AsJson,
) -> None:
    """Have a draft written from the project's documents, and show its text as it comes. Exit code 1: none came."""
    body = {
        "brief": brief,
        "template": template,
        "language": language,
        "max_tokens": max_tokens,
        "document_ids": [str(one) for one in document],
    }

    async def run(api: Client) -> Any:
        taken = await api.order("POST", f"/v1/projects/{project}/episodes/{episode}/drafts", body)
        if no_wait:
            return taken
        show = None if as_json else _Live()
        await _followed(api, taken["draft_id"], show)
        return await api.get(f"/v1/drafts/{taken['draft_id']}")

    found = asked(run)
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    elif no_wait:
        print(f"draft {found['draft_id']}, job {found['job_id']}")
    else:
        showing.outcome(found)
    if not no_wait and found["state"] != "written":
        raise typer.Exit(1)


@scripts.command("list")
def list_drafts(
    project: UUID = Project,
    episode: UUID = Episode,
    limit: int = typer.Option(20, "--limit", "-n", min=1, max=PAGE, help="How many."),
    as_of: str | None = AsOf,
    as_json: bool = AsJson,
) -> None:
    """The drafts of an episode, newest first."""
    found = got(f"/v1/projects/{project}/episodes/{episode}/drafts", limit=limit, as_of=as_of)
    _print(found, showing.drafts, as_json=as_json)


@scripts.command("show")
def show(draft: UUID = Draft, as_of: str | None = AsOf, as_json: bool = AsJson) -> None:
    """A draft: its text, and what each of its citations leads to and is worth."""
    _print(got(f"/v1/drafts/{draft}", as_of=as_of), showing.draft, as_json=as_json)


@scripts.command("revise")
def revise(
    draft: UUID = Draft,
    file: Path = typer.Argument(help="The new text; - for standard input."),
    as_json: bool = AsJson,
) -> None:
    """Put a text that you have written beside the draft that you made it from."""
    text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    found = asked(lambda api: api.order("POST", f"/v1/drafts/{draft}/revise", {"text": text}))
    _print(found, lambda one: print(f"draft {one.get('draft_id', 'not decided yet')}"), as_json=as_json)


@scripts.command("diff")
def diff(
    draft: UUID = Draft,
    against: UUID | None = typer.Option(None, "--against", help="The older one; else the one behind it."),
    unified: bool = typer.Option(False, "--unified", "-u", help="For `patch`, by lines."),
    as_json: bool = AsJson,
) -> None:
    """What differs between a draft and the one that it was made from, or another one."""
    params = {"against": str(against)} if against else {}
    if unified:
        sys.stdout.buffer.write(_bytes(f"/v1/drafts/{draft}/diff", {**params, "format": "unified"})[0])
        return
    _print(got(f"/v1/drafts/{draft}/diff", **params), showing.difference, as_json=as_json)


@scripts.command("merge")
def merge(
    draft: UUID = Draft,
    theirs: UUID = typer.Argument(help="The other one."),
    base: UUID | None = typer.Option(None, "--base", help="What both were made from; else the nearest such draft."),
    as_json: bool = AsJson,
) -> None:
    """Two drafts put together over the one behind both. Exit code 1 when they contradict each other."""
    found = got(f"/v1/drafts/{draft}/merge", theirs=theirs, base=base)
    _print(found, showing.merged, as_json=as_json)
    if found["conflicts"]:
        raise typer.Exit(1)


@scripts.command("commit")
def commit(draft: UUID = Draft, as_json: bool = AsJson) -> None:
    """Let a draft be the episode's script, as its next version."""
    found = asked(lambda api: api.order("POST", f"/v1/drafts/{draft}/commit", None))
    _print(found, showing.committed, as_json=as_json)


@scripts.command("restore")
def restore(
    project: UUID = Project,
    episode: UUID = Episode,
    number: int = typer.Argument(min=1, help="The version."),
    as_json: bool = AsJson,
) -> None:
    """Let an older version of the script count again: it becomes the next one."""
    address = f"/v1/projects/{project}/episodes/{episode}/script/restore"
    _print(asked(lambda api: api.order("POST", address, {"number": number})), showing.committed, as_json=as_json)


@scripts.command("discard")
def discard(
    draft: UUID = Draft,
    reason: str = typer.Option("", "--reason", "-r", help="Kept on the log, sealed."),
    as_json: bool = AsJson,
) -> None:
    """Put a draft away that is not the episode's script."""
    found = asked(lambda api: api.order("POST", f"/v1/drafts/{draft}/discard", {"reason": reason}))
    _print(found, lambda one: print(f"draft {draft} {one.get('state', 'not decided yet')}"), as_json=as_json)


@scripts.command("history")
def history(project: UUID = Project, episode: UUID = Episode, as_of: str | None = AsOf, as_json: bool = AsJson) -> None:
    """The versions of an episode's script: who committed which draft, and when."""
    found = got(f"/v1/projects/{project}/episodes/{episode}/history", limit=PAGE, as_of=as_of)
    _print(found, showing.history, as_json=as_json)


@scripts.command("export")
def export(
    *,
    draft: UUID | None = typer.Option(None, "--draft", help="A draft; or else:"),
    project: UUID | None = typer.Option(None, "--project", help="The project and"),
    episode: UUID | None = typer.Option(None, "--episode", help="the episode whose script it is."),
    number: int | None = typer.Option(None, "--number", min=1, help="Which version; the last one without it."),
    as_of: str | None = AsOf,
    format: str = typer.Option("markdown", "--format", "-f", help="markdown, fountain or docx."),  # noqa: A002
    out: Path | None = typer.Option(None, "--out", "-o", help="Where to; standard output without it."),
) -> None:
    """A draft, or an episode's script, as a file: with its citations, those that do not hold marked."""
    if draft is not None:
        address = f"/v1/drafts/{draft}/export"
    elif project is not None and episode is not None:
        address = f"/v1/projects/{project}/episodes/{episode}/script/export"
    else:
        raise typer.BadParameter("name a --draft, or a --project and an --episode")
    params = {"format": format, "number": number, "as_of": as_of}
    content, kind = _bytes(address, {name: value for name, value in params.items() if value is not None})
    if out is None and sys.stdout.isatty() and not kind.startswith("text/"):
        raise typer.BadParameter("a Word document is nothing for a terminal: name a file with --out")
    if out is None:
        sys.stdout.buffer.write(content)
    else:
        out.write_bytes(content)
        typer.echo(f"wrote {out}", err=True)


@scripts.command("sources")
def sources(
    draft: UUID | None = typer.Argument(None, help="The draft; or else:"),
    document: UUID | None = typer.Option(None, "--document", "-d", help="Which drafts go back to this document."),
    as_of: str | None = AsOf,
    as_json: bool = AsJson,
) -> None:
    """What a draft goes back to; or the other way round, which drafts used a document."""
    if (draft is None) == (document is None):
        raise typer.BadParameter("name a draft, or a --document")
    if document is not None:
        _print(got(f"/v1/documents/{document}/scripts", limit=PAGE, as_of=as_of), showing.used, as_json=as_json)
    else:
        _print(got(f"/v1/drafts/{draft}/sources", as_of=as_of), showing.sources, as_json=as_json)


@scripts.command("exchange")
def exchange(draft: UUID = Draft, as_json: bool = AsJson) -> None:
    """Why a text says what it says: prompt, passages, model, cost, answer, from the log. Wants the scope `audit`."""
    _print(got(f"/v1/drafts/{draft}/exchange"), showing.exchange, as_json=as_json)


class _Live:
    """The text on the terminal as it comes."""

    def __init__(self) -> None:
        self._shown = ""

    def __call__(self, name: str, text: str) -> None:
        if name == "snapshot" and not text.startswith(self._shown):
            print("\n… begun anew …")
            self._shown = ""
        new = text[len(self._shown) :] if name == "snapshot" else text
        self._shown += new
        print(new, end="", flush=True)


async def _followed(api: Client, draft_id: str, show: _Live | None) -> None:
    from muniment.infra.cli.event_source import EventSource

    async with aclosing(EventSource(api, f"/v1/drafts/{draft_id}/events", {}).events()) as events:
        async for event in events:
            if event.name == "end":
                break
            if show is not None and event.name in {"snapshot", "token"}:
                show(event.name, event.data["text"])
    if show is not None:
        print()


def _bytes(address: str, params: dict[str, Any]) -> tuple[bytes, str]:
    async def run(api: Client) -> tuple[bytes, str]:
        async with api.stream(address, params, {}, silent_s=SILENT_S) as answer:
            if not answer.is_success:
                raise await api.refused(answer)
            return await answer.aread(), answer.headers.get("content-type", "")

    return asked(run)


def _print(found: Any, how: Any, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        how(found)
