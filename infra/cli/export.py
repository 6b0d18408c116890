"""`muniment export`: ranges of the log as Parquet, Avro or JSON lines, with a manifest; and whether one is whole."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from muniment.infra.acting import Act
    from muniment.infra.exporting.rows import Row
    from muniment.infra.exporting.run import Order
    from muniment.infra.settings import Settings

_HELP = ("-h", "--help")


class _RangeFirst(TyperGroup):
    """`muniment export RANGE …` is meant wherever no other command is named."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the name of the command before its first word."""
        if args and args[0] not in self.commands and args[0] not in _HELP:
            args = ["range", *args]
        return super().parse_args(ctx, args)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        cls=_RangeFirst,
        no_args_is_help=True,
        help="Ranges of the log as files that others read. `muniment export RANGE...` is short for `export range`.",
    )
    group.command("range")(range_)
    group.command("verify")(verify)
    app.add_typer(group, name="export")


def range_(
    *,
    words: list[str] = typer.Argument(
        None, metavar="[RANGE...]", help="TOPIC, TOPIC:PARTITION or TOPIC:PARTITION:FIRST-LAST; `all` by default."
    ),
    out: Path = typer.Option(..., "--out", "-o", help="Folder to write to; new, or that of an interrupted export."),
    form: str = typer.Option("parquet", "--format", "-f", help="parquet, avro or jsonl."),
    since: str = typer.Option("", "--from", help="Only records from this moment on (RFC 3339)."),
    until: str = typer.Option("", "--to", help="Only records from before this moment (RFC 3339)."),
    document: str = typer.Option("", "--document", help="Only records about this document."),
    job: str = typer.Option("", "--job", help="Only records of this job."),
    tenant: str = typer.Option("", "--tenant", help="Only records of this tenant."),
    decrypt: bool = typer.Option(
        False, "--decrypt", help="Open personal fields. Needs --reason, and goes on the trail."
    ),
    reason: str = typer.Option("", "--reason", help="Why, for the trail; has to be given with --decrypt."),
    as_json: bool = typer.Option(False, "--json", help="Print the manifest."),
) -> None:
    """Write what lies on the log to files, one for each event and piece of a partition, and a manifest.

    Personal fields stay sealed, as on the log, unless --decrypt. What was interrupted goes on with the same command.
    Every export is on the trail; one that decrypts is on that of every tenant whose records it opens, too.
    """
    from uuid import UUID, uuid4

    from muniment.api.auditing.entry import LONGEST
    from muniment.infra.acting import acting, actor
    from muniment.infra.exporting.folder import ExportFolder
    from muniment.infra.exporting.formats import FORMATS
    from muniment.infra.exporting.run import Order, asked
    from muniment.infra.exporting.selection import BadRange, Selection, ranges
    from muniment.infra.stack.record import load_settings
    from muniment.infra.writable import writing_to

    if form not in FORMATS:
        raise typer.BadParameter(f"no such form: {form}; there are {', '.join(FORMATS)}", param_hint="--format")
    if decrypt and not reason.strip():
        raise typer.BadParameter("opening personal fields is audited: give a --reason", param_hint="--reason")
    try:
        selection = Selection(
            ranges(words or []),
            since=_moment(since, "--from"),
            until=_moment(until, "--to"),
            document=_id(document, "--document"),
            job=_id(job, "--job"),
            tenant=tenant,
        )
        settings = load_settings()
        # The id makes it this export's among others of the same; the manifest says it, too.
        with writing_to(out):
            begun = ExportFolder(out).begun_as(asked(selection, form, opens=decrypt))
        about = begun or f"{uuid4()}: {selection}"[:LONGEST]
        named = [UUID(selection.document)] if decrypt and document else []
        with acting(settings, _ACTION[decrypt], kind="export", entity=about, reason=reason, documents=named) as act:
            opened = _Opened(act, {"by": actor(), "reason": reason, "audit_entity": about}) if decrypt else None
            if opened and tenant:
                act.touches(tenant, named)
            with writing_to(out):
                done, digest = asyncio.run(_export(settings, Order(selection, form, _version(), about), out, opened))
    except BadRange as error:
        raise typer.BadParameter(str(error), param_hint="RANGE") from None
    if as_json:
        print(json.dumps(done, indent=2, ensure_ascii=False))
    else:
        _show(done, digest, out)


_ACTION = {False: "log.export", True: "log.decrypt"}


@dataclass(frozen=True)
class _Opened:
    """An export in clear: on whose trails it is with which documents, and what its manifest says of it."""

    act: "Act"
    by: dict[str, str]

    def __call__(self, rows: "Sequence[Row]") -> None:
        from muniment.infra.exporting.rows import shown

        found: dict[str, list[UUID]] = {}
        for tenant, document in shown(rows):
            found.setdefault(tenant, []).extend([document] if document else [])
        for tenant, documents in found.items():
            self.act.touches(tenant, documents)


def _id(text: str, hint: str) -> str:
    from uuid import UUID

    try:
        return str(UUID(text)) if text else ""
    except ValueError:
        raise typer.BadParameter(f"{text} is no id", param_hint=hint) from None


def _moment(text: str, hint: str) -> "datetime | None":
    from muniment.infra.exporting.selection import BadRange, moment

    try:
        return moment(text) if text else None
    except BadRange as error:
        raise typer.BadParameter(str(error), param_hint=hint) from None


async def _export(
    settings: "Settings", order: "Order", out: Path, opened: _Opened | None
) -> tuple[dict[str, Any], str]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from muniment.infra import bootstrap
    from muniment.infra.exporting.folder import ExportFolder
    from muniment.infra.exporting.reading import log_reader
    from muniment.infra.exporting.run import export
    from muniment.infra.not_set import required
    from muniment.producers.clock import utc_now

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    async with AsyncExitStack() as stack:
        address = required(settings.kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP")
        reader = await stack.enter_async_context(log_reader(address))
        keys = None
        if opened is not None:
            parts = await stack.enter_async_context(bootstrap.parts(settings, client_id="muniment-export"))
            keys = parts.key_ring
        bar = stack.enter_context(Progress(*columns, console=Console(stderr=True), transient=True))
        task = bar.add_task("exporting", total=None)
        order = replace(order, keys=keys, opened_by=opened.by if opened else None, opens=opened)

        def tell(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        return await export(order, ExportFolder(out), reader, utc_now(), tell)


def _version() -> str:
    from importlib.metadata import version

    return version("muniment")


def _show(manifest: dict[str, Any], digest: str, out: Path) -> None:
    from rich.console import Console

    from muniment.infra.cli import render

    rows: dict[tuple[str, str], list[int]] = {}
    for one in manifest["files"]:
        counted = rows.setdefault((one["topic"], one["event"]), [0, 0, 0])
        counted[0] += one["rows"]
        counted[1] += 1
        counted[2] += one["bytes"]
    console = Console()
    shown = [(topic, event, n, files, size) for (topic, event), (n, files, size) in sorted(rows.items())]
    columns = ("topic", "event", "rows", "files", "bytes")
    console.print(render.table(columns, shown, right={"rows", "files", "bytes"}, whole={"topic", "event"}))
    gaps = [(span, gap) for span in manifest["spans"] for gap in span["gaps"]]
    for span, gap in gaps:
        print(f"gap: {span['topic']}:{span['partition']}:{gap['first']}-{gap['last']} {_WHY[gap['why']]}")
    state = "closed: nothing can be added to it" if manifest["closed"] else "open: more may come to it"
    print(f"{_counted(manifest['rows'], 'row')} in {out}, personal fields {manifest['personal']}; the range is {state}")
    print(f"manifest.json sha256:{digest}")


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


_WHY = {
    "removed": "was removed from the log before (retention)",
    "not_given": "is not given to readers (a transaction's marker, or removed inside the log)",
}


def verify(
    folder: Path = typer.Argument(..., metavar="DIR", help="An export."),
    as_json: bool = typer.Option(False, "--json", help="As JSON."),
) -> None:
    """Hold an export to its manifest: files, hashes, rows, offsets. Exit code 1 when anything is not as it says."""
    from muniment.infra.exporting.folder import MANIFEST, ExportFolder, sha256
    from muniment.infra.exporting.verifying import verify as verified

    export = ExportFolder(folder)
    wrong = list(verified(export))
    digest = sha256(folder / MANIFEST)
    if as_json:
        print(json.dumps({"manifest_sha256": digest, "wrong": wrong}, indent=2, ensure_ascii=False))
    else:
        for sentence in wrong:
            print(sentence)
        manifest = export.manifest()
        state = "as its manifest says" if not wrong else f"wrong in {_counted(len(wrong), 'place')}"
        print(f"{_counted(len(manifest['files']), 'file')}, {_counted(manifest['rows'], 'row')}: {state}")
        print(f"manifest.json sha256:{digest}")
    raise typer.Exit(1 if wrong else 0)
