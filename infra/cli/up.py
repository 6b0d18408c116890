"""`muniment up`: run the stack until Ctrl-C, or leave it running with `--detach`."""

import asyncio
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

if TYPE_CHECKING:
    import socket

    from muniment.infra.settings import Settings
    from muniment.infra.stack.plan import Plan
    from muniment.infra.stack.record import Record

FOLLOW_INTERVAL_S = 0.3
PLANS = 5
"""How often ports are chosen before a start gives up."""


class Interrupted(Exception):
    """Ctrl-C, or the signal that asks us to end."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(up)


def up(
    detach: bool = typer.Option(False, "--detach", "-d", help="Return as soon as everything is well."),
    as_json: bool = typer.Option(False, "--json", help="Logs as JSON lines; the addresses, too."),
    only: str = typer.Option("", "--only", help="Run these parts only (names, separated by commas)."),
) -> None:
    """Run Kafka, Postgres, the embedding server, workers, projections and API; Ctrl-C ends all."""
    from muniment.infra.settings import Settings
    from muniment.infra.stack import leftovers

    settings = Settings(log_format="json") if as_json else Settings()
    home = settings.home.resolve()
    if found := still_running(home):
        tell(found, as_json=as_json, heading=f"already running (supervisor {found.supervisor.pid}) in {home}")
        return
    if as_json:
        os.environ["MUNIMENT_LOG_FORMAT"] = "json"
    with one_start(home), ended_by_signals():
        if swept := leftovers.sweep(home):
            say(f"ended {swept} processes that an earlier stack left behind")
        _start(settings.model_copy(update={"home": home}), names(only), detach=detach, as_json=as_json)


def still_running(home: Path) -> "Record | None":
    """The record of the stack that runs; one that is just ending is waited for."""
    from muniment.infra.stack import record
    from muniment.infra.stack.control import Control
    from muniment.infra.stack.stop import STOP_TIMEOUT_S
    from muniment.infra.stack.supervisord import Places

    deadline = time.monotonic() + STOP_TIMEOUT_S
    while (found := record.running(home)) and time.monotonic() < deadline:
        if not Control(Places(home).socket).stopping():
            return found
        time.sleep(FOLLOW_INTERVAL_S)
    return None


def names(only: str) -> tuple[str, ...]:
    """The parts of `--only`. Raises `typer.BadParameter` for one that does not exist."""
    from muniment.infra.stack.parts import NAMES

    wanted = tuple(name.strip() for name in only.split(",") if name.strip())
    if unknown := set(wanted) - set(NAMES):
        raise typer.BadParameter(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    return wanted


def _start(settings: "Settings", only: tuple[str, ...], *, detach: bool, as_json: bool) -> None:
    from muniment.infra.stack import record, start
    from muniment.infra.stack.health import NotHealthyError
    from muniment.infra.stack.ports import PortTakenError

    process = None
    try:
        plan, kept = _planned(settings, only)
        say(f"starting {', '.join(plan.names)} in {settings.home}")
        start.prepare(plan)
        process = start.launch(plan, kept, attached=not detach)
        for one in kept:
            one.close()
        complete = record.load_settings(home=settings.home)
        asyncio.run(start.bring_up(plan, complete, process, say))
    except (NotHealthyError, PortTakenError, FileNotFoundError, RuntimeError, OSError) as error:
        fail(settings.home, f"did not start. {error}")
    except Interrupted:
        end(settings.home)
        return
    found = record.read(settings.home)
    assert found is not None
    tell(found, as_json=as_json, heading=f"running in {settings.home}")
    if not detach:
        _stay(plan, process)


def _planned(settings: "Settings", only: tuple[str, ...]) -> tuple["Plan", "list[socket.socket]"]:
    """What to run, and its ports kept from others. Who lost one between the choice and the keeping chooses again."""
    from muniment.infra.stack.plan import make_plan
    from muniment.infra.stack.ports import PortTakenError, keep

    for _ in range(PLANS - 1):
        plan = make_plan(settings, only)
        with suppress(PortTakenError):
            return plan, keep(plan.ports.values())
    plan = make_plan(settings, only)
    return plan, keep(plan.ports.values())


def _stay(plan: "Plan", process: "subprocess.Popen[bytes]") -> None:
    """Show the log until somebody wants to end, or the supervisor has ended."""
    say("Ctrl-C ends it")
    try:
        with plan.places.merged.open(errors="replace") as log:
            log.seek(0, os.SEEK_END)
            while process.poll() is None:
                while line := log.readline():
                    sys.stdout.write(line)
                sys.stdout.flush()
                time.sleep(FOLLOW_INTERVAL_S)
    except Interrupted:
        end(plan.settings.home)
        return
    if process.returncode == 0:
        say("stopped: somebody said `muniment down`")
        return
    fail(plan.settings.home, f"the supervisor ended with {process.returncode}, see {plan.places.logs}")


def end(home: Path) -> None:
    """Stop everything; a second Ctrl-C does not get in the way."""
    from muniment.infra.stack.stop import stop

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    say("stopping")
    stop(home)
    say("stopped")


def fail(home: Path, why: str) -> NoReturn:
    """Say what went wrong, leave nothing running, exit with 1."""
    from muniment.infra.stack.stop import stop

    say(why)
    stop(home)
    raise typer.Exit(1)


@contextmanager
def one_start(home: Path) -> Iterator[None]:
    """Let one `up` in at a time for each home; the kernel lets go of the lock when its holder dies."""
    (home / "run").mkdir(parents=True, exist_ok=True)
    with (home / "run" / "up.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"another `muniment up` is at work in {home}")
            raise typer.Exit(3) from None
        yield


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Turn Ctrl-C, SIGTERM and a closed terminal into `Interrupted`."""

    def interrupt(_number: int, _frame: object) -> NoReturn:
        raise Interrupted

    before = {one: signal.signal(one, interrupt) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def say(line: str) -> None:
    """One line for the person at the terminal; standard output belongs to logs and answers."""
    print(f"muniment: {line}", file=sys.stderr, flush=True)


def tell(found: "Record", *, as_json: bool, heading: str) -> None:
    """Where everything is: a table, or one JSON line."""
    if as_json:
        print(json.dumps({"running": True, "pid": found.supervisor.pid, "addresses": found.addresses}), flush=True)
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"Muniment: {heading}", title_justify="left")
    table.add_column("part")
    table.add_column("address", overflow="fold")
    for name, address in found.addresses.items():
        table.add_row(name, address)
    Console().print(table)
    if api := found.addresses.get("api"):
        say(f"the console: {api}/console, opened by a key: `muniment keys create NAME --scope …`")
