"""`muniment replay`: build read models anew from the log, beside the live ones, compare, and switch."""

import asyncio
import signal
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

import typer

if TYPE_CHECKING:
    from muniment.projections.replaying.replay import Progress, Replayed

T = TypeVar("T")
GRACE_S = 5.0
"""How long what was told to stop may take to come to the end of its transaction."""
BESIDE = 2
"""Lanes that keep both cores of a small machine at work: one folds while the other waits for Postgres."""
_BARE = {"indexing", "comparing", "switched"}
"""Phases whose length nobody knows beforehand."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("replay")(replay)


def replay(
    *,
    projections: list[str] = typer.Argument(None, metavar="PROJECTION...", help="Which read models."),
    every: bool = typer.Option(False, "--all", help="All of them, one after the other."),
    begin: str = typer.Option("", "--from", help="Only from this time (RFC 3339) or place (topic:0:42) on."),
    end: str = typer.Option(
        "", "--to", help="Only what lies before this time or place. A part of the log is never switched to."
    ),
    concurrency: int = typer.Option(BESIDE, "--concurrency", "-n", min=1, max=64, help="Lanes read side by side."),
    accept: str = typer.Option("", "--accept", help="Switch although rows differ; why goes on the record, in clear."),
    keep: bool = typer.Option(True, "--keep/--drop", help="Whether the old one stays until it is dropped."),
    short_log: bool = typer.Option(
        False, "--short-log", help="With --accept: also where the log has lost its end for good."
    ),
    anew: bool = typer.Option(False, "--anew", help="Forget what an interrupted replay has loaded."),
) -> None:
    """Fold the log into a new schema beside the live one, and switch readers to it where both say the same.

    It can be stopped or killed and started again: it goes on from there, and the live one stays as it is until the
    switch. Exit code 1 when it stopped at a poison event or found a difference that was not accepted.
    """
    from muniment.infra.cli.failing import rest_named

    names = named(projections or [], every=every)
    _checked(begin, end, accept, short=short_log)
    for number, name in enumerate(names):
        with rest_named(names[number + 1 :], "not begun"):
            _one(name, begin=begin, end=end, lanes=concurrency, accept=accept, short=short_log, keep=keep, anew=anew)


def named(given: list[str], *, every: bool) -> list[str]:
    """The projections that were named, or every one; exit code 2 for a name that is none."""
    from muniment.projections.registry import PROJECTIONS

    if every == bool(given):
        raise typer.BadParameter(f"name projections, or give --all; there are {', '.join(PROJECTIONS)}")
    unknown = [name for name in given if name not in PROJECTIONS]
    if unknown:
        raise typer.BadParameter(f"no such projection: {unknown[0]}; there are {', '.join(PROJECTIONS)}")
    return given or list(PROJECTIONS)


def _checked(begin: str, end: str, accept: str, *, short: bool) -> None:
    from muniment.projections.replaying.bounds import in_order, parsed

    if accept and not accept.strip():
        raise typer.BadParameter("--accept says why, for the record: a blank reason is none")
    if short and not accept:
        raise typer.BadParameter("--short-log takes readers back to what the log has left: say why with --accept")
    if (begin or end) and accept:
        raise typer.BadParameter("a part of the log is never switched to: --accept goes without --from and --to")
    for text in filter(None, (begin, end)):
        try:
            parsed(text)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
    if not in_order(begin, end):
        raise typer.BadParameter("nothing lies between --from and --to: what --to names is not folded any more")


def _one(name: str, *, keep: bool, **given: Any) -> None:
    import uvloop

    from muniment.infra.acting import acting
    from muniment.infra.cli.failing import tell
    from muniment.infra.stack.record import load_settings
    from muniment.projections.fold import PoisonRecord
    from muniment.projections.replaying.load import LogTooShort, Stopped
    from muniment.projections.replaying.turn import Underway

    try:
        with (
            acting(load_settings(), "read_model.replay", kind="projection", entity=name, reason=given["accept"]),
            progress(name) as show,
        ):
            done = uvloop.run(_run(name, show, **given))
    except PoisonRecord as poison:
        why = "the reason, for the record"
        tell(
            f"{name} is as it was: {poison}\nto pass it by in every fold of {name}, and then to go on:\n"
            f'muniment projections skip {name} {poison.place} --reason "{why}"\nmuniment replay {name}'
        )
        raise typer.Exit(1) from None
    except Stopped:
        tell(
            f"stopped; {name} is read as before\nto go on: muniment replay {name}\n"
            f"to forget what was loaded: muniment projections kept, muniment projections drop SCHEMA --reason …"
        )
        raise typer.Exit(130) from None
    except LogTooShort as error:
        tell(
            f"{name} is as it was: {error.told}\nrestore the log to where it was; or, if its end is gone for good, let"
            f" readers see what is left of it:\n"
            f'muniment replay {name} --short-log --accept "why, for the record"'
        )
        raise typer.Exit(1) from None
    except Underway as error:
        tell(
            f"another replay of {name} is under way\nit has the turn: {error.holder}\n"
            "if no such process runs any more, Postgres finds that out within a minute: try again"
        )
        raise typer.Exit(1) from None
    _told(name, done, gone=bool(done.kept) and not keep and _dropped(done))


def _dropped(done: "Replayed") -> bool:
    """What was live before goes at once; false while it is still being read."""
    from muniment.infra.cli.projections import dropped, kept_schemas

    one = next((one for one in kept_schemas() if one.schema == done.kept), None)
    return one is not None and dropped(one, f"replaced by {done.schema} (muniment replay --drop)")


async def _run(
    name: str,
    show: "Callable[[Progress], None]",
    *,
    begin: str,
    end: str,
    lanes: int,
    accept: str,
    short: bool,
    anew: bool,
) -> "Replayed":
    from muniment.infra.own_codec import collect_seldom
    from muniment.infra.replaying import accepted, ground
    from muniment.infra.stack.record import load_settings
    from muniment.projections.registry import PROJECTIONS
    from muniment.projections.replaying.bounds import bounds
    from muniment.projections.replaying.replay import How, replay

    collect_seldom()

    async def work(stop: asyncio.Event) -> "Replayed":
        async with ground(load_settings()) as found:
            projection = PROJECTIONS[name](found.config.dimensions)

            async def agreed(comparison: Any) -> bool:
                return bool(accept) and await accepted(found, comparison, accept)

            try:
                part = await bounds(projection, found.config, begin, end) if begin or end else None
            except ValueError as error:
                raise typer.BadParameter(str(error)) from None
            how = How(
                lanes=lanes,
                passed=lambda: found.operations.state.passed_by(name),
                accept=agreed,
                anew=anew,
                short=short,
                bounds=part,
                on_progress=show,
                stop=stop,
                apart=found.apart,
            )
            return await replay(projection, found.config, found.codec, how)

    return await stoppable(work)


async def stoppable(work: Callable[[asyncio.Event], Coroutine[Any, Any, T]]) -> T:
    """What the work comes to. SIGINT and SIGTERM set its event: it ends between two transactions.

    What does not look at it (an index that is built, a broker that does not answer) is cancelled `GRACE_S` later, or
    at a second signal; its transaction is rolled back.

    Raises:
        Stopped: it was stopped.

    """
    from muniment.projections.replaying.load import Stopped

    stop, at_once = asyncio.Event(), asyncio.Event()

    def told() -> None:
        (at_once if stop.is_set() else stop).set()

    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, told)
    task = asyncio.create_task(work(stop))
    waits = [asyncio.create_task(event.wait()) for event in (stop, at_once)]
    try:
        await asyncio.wait({task, waits[0]}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            await asyncio.wait({task, waits[1]}, timeout=GRACE_S, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
        if task.cancelled():
            raise Stopped
        return await task
    finally:
        for wait in waits:
            wait.cancel()


@contextmanager
def progress(name: str) -> "Iterator[Callable[[Progress], None]]":
    """A bar on stderr: what is done, how many events a second, how long it will take, and when it will be over."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[over]}"),
    )
    bar = Bar(*columns, console=Console(stderr=True))
    task = bar.add_task(name, total=None, rate="", over="")
    began: list[tuple[float, int]] = []

    def show(found: "Progress") -> None:
        if not found.schema:
            # It waits for its turn: nothing goes on that could be measured.
            bar.start()
            bar.update(task, description=f"{name}: {found.phase}")
            return
        if not began:
            # Only once everything answers: before that there may be something else to say.
            bar.start()
            began.append((time.monotonic(), found.done))
        seconds, done = time.monotonic() - began[0][0], found.done - began[0][1]
        rate = done / seconds if seconds > 0 else 0.0
        left = (found.total - found.done) / rate if rate else 0.0
        over = time.strftime("over at %H:%M:%S", time.localtime(time.time() + left)) if left else ""
        bar.update(
            task,
            description=f"{name}: {found.phase}",
            completed=found.done,
            total=None if found.phase in _BARE else max(found.total, found.done),
            rate=f"{rate:,.0f} events/s" if rate else "",
            over=over,
        )

    try:
        yield show
    finally:
        if bar.live.is_started:
            bar.stop()


def _told(name: str, done: "Replayed", *, gone: bool) -> None:
    from muniment.infra.cli.failing import tell
    from muniment.schemas.record import Position

    if done.overtaken:
        places = ", ".join(sorted(str(Position(*place)) for place in done.overtaken))
        print(f"{name} was begun anew: skipped, or skipped no more, after the replay had come by: {places}")
    if done.comparison is None:
        print(f"{name}: that part of the log is in the schema {done.schema}; readers see {done.live} as before")
        print(f'to remove it: muniment projections drop {done.schema} --reason "…"')
        return
    if not done.switched:
        lines = "\n".join(done.comparison.differences)
        tell(
            f"{name} is as it was: the log says something else than what is live\n{lines}\n"
            f"row by row: muniment verify {name}\n"
            f'to switch all the same: muniment replay {name} --accept "why, for the record"'
        )
        raise typer.Exit(1)
    how = "rows equal" if done.comparison.equal else "differences accepted"
    rows = sum(other.rows for _, other in done.comparison.tables.values())
    print(f"{name} is now read from {done.live} ({how}, {rows} rows in {len(done.comparison.tables)} tables)")
    if done.kept and not gone:
        print(f'the old one is kept: muniment projections drop {done.kept} --reason "…"')
