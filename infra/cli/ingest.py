"""`muniment ingest PATH…`: take in files, folders and web addresses, watch their jobs, say what came of it."""

import asyncio
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from muniment.infra.cli.ingesting import Ingest
    from muniment.infra.cli.tally import Tally
    from muniment.infra.cli.walk import Wanted, WantedUrl

MANY = 10
"""With more documents than this an ingest is a bulk one."""
LINE_EVERY_S = 10.0
BAR_LABELS = {"waiting": "waiting for a retry", "retries": "retries", "refused": "refused", "dead": "dead letters"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(ingest)


def ingest(
    *,
    paths: Annotated[list[str], typer.Argument(help="Files, folders, https:// addresses.", show_default=False)],
    recursive: bool = typer.Option(True, "--recursive/--flat", help="Folders within folders, too."),
    hidden: bool = typer.Option(False, "--hidden", help="Hidden files, too."),
    where: list[str] = typer.Option([], "--metadata", "-m", help="name=value for every document."),
    lane: str = typer.Option("", "--lane", help="interactive, normal or bulk; bulk when there are many."),
    concurrency: int = typer.Option(8, "--concurrency", "-c", min=1, max=64, help="Uploads at once."),
    wait: bool = typer.Option(True, "--wait/--no-wait", help="Wait until all jobs have ended."),
    patience: float = typer.Option(600, "--patience", min=1, help="Give up when no job moves for this long (seconds)."),
    as_json: bool = typer.Option(False, "--json", help="The summary as JSON."),
) -> None:
    """Submit files; submitting the same path again makes a new version, or nothing if it is unchanged.

    What lies at an address is fetched by the workers, not by this command.

    Progress goes to standard error: a live bar at a terminal, elsewhere a line now and then.

    Exit code 0: everything is searchable. 3: some documents were refused or could not be read. 1: some failed, were
    not accepted, or did not end in time. Hidden and empty files are counted and change no exit code.
    """
    from muniment.infra.cli.client import told
    from muniment.infra.cli.tally import Tally
    from muniment.infra.cli.walk import Skipped, Wanted, WantedUrl, is_url, walk

    if lane not in {"", "interactive", "normal", "bulk"}:
        raise typer.BadParameter("interactive, normal or bulk", param_hint="--lane")
    if wrong := [pair for pair in where if "=" not in pair]:
        raise typer.BadParameter(f"{wrong[0]!r} is not name=value", param_hint="--metadata")
    tally, files = Tally(), list[Wanted | WantedUrl]()
    files += [WantedUrl(path) for path in dict.fromkeys(paths) if is_url(path)]
    for found in walk([Path(path) for path in paths if not is_url(path)], hidden=hidden, deep=recursive):
        if isinstance(found, Skipped):
            tally.skip(str(found.path), found.reason)
        else:
            files.append(found)
    tally.found = len(files)
    started = monotonic()
    with told():
        asyncio.run(
            _run(
                files,
                tally,
                metadata=dict(pair.split("=", 1) for pair in where),
                lane=lane or ("bulk" if len(files) > MANY else "normal"),
                concurrency=concurrency,
                patience=patience if wait else None,
            )
        )
    _tell(tally, monotonic() - started, waited=wait, as_json=as_json)
    raise typer.Exit(tally.exit_code())


async def _run(
    files: "Sequence[Wanted | WantedUrl]",
    tally: "Tally",
    *,
    metadata: dict[str, str],
    lane: str,
    concurrency: int,
    patience: float | None,
) -> None:
    from muniment.infra.cli.client import ApiError, Client, find_access
    from muniment.infra.cli.ingesting import Ingest

    async with Client(find_access()) as api:
        who = await api.get("/v1/whoami")
        work = Ingest(api, tally, who["tenant"], lane, metadata)
        submitting = asyncio.create_task(work.submit_all(files, concurrency))
        with _bar(work, len(files)) as show:
            try:
                if patience is not None:
                    await work.watch(submitting, patience, show)
                await submitting
            except* ApiError as errors:
                # The first is enough: they all say the same.
                raise errors.exceptions[0] from None
            finally:
                submitting.cancel()


@contextmanager
def _bar(work: "Ingest", total: int) -> Iterator[Callable[[], None]]:
    """A live line of documents, chunks, retries and dead letters; where there is no terminal, plain lines."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines(work, total)
        return
    columns = (
        TextColumn("documents"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("[cyan]{task.fields[chunks]}[/] chunks{task.fields[told]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("", total=total, chunks=0, told="")

        def show() -> None:
            now = work.now()
            progress.update(task, completed=work.tally.ended, chunks=now["chunks"], told=_counts(now))

        yield show


def _lines(work: "Ingest", total: int) -> Callable[[], None]:
    """Says how far it is, every ten seconds."""
    due = monotonic() + LINE_EVERY_S

    def show() -> None:
        nonlocal due
        if monotonic() >= due:
            due = monotonic() + LINE_EVERY_S
            now = work.now()
            print(f"{work.tally.ended} of {total} documents, {now['chunks']} chunks{_counts(now)}", file=sys.stderr)

    return show


def _counts(now: dict[str, int]) -> str:
    """What else there is to say: only what is not zero."""
    return "".join(f" · {now[name]} {label}" for name, label in BAR_LABELS.items() if now[name])


def _tell(tally: "Tally", seconds: float, *, waited: bool, as_json: bool) -> None:
    summary = tally.as_dict(seconds)
    if as_json:
        print(json.dumps(summary, ensure_ascii=False))
        return
    from rich.console import Console

    from muniment.infra.cli.ingest_summary import show_summary

    show_summary(Console(), tally, seconds, waited=waited)
