"""Starting the stack: foundations, migrations and topics, then everything that stands on them."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import asyncpg
import psutil

from muniment.infra.kafka import broker as kafka
from muniment.infra.migrations.apply import apply_migrations
from muniment.infra.postgres import server as postgres
from muniment.infra.settings import Settings
from muniment.infra.stack import health, parts, record
from muniment.infra.stack.control import Control
from muniment.infra.stack.leftovers import MARK, mark
from muniment.infra.stack.parts import Part, Stage
from muniment.infra.stack.plan import DATABASE, Plan
from muniment.infra.stack.supervisord import render

SUPERVISOR_TIMEOUT_S = 15.0
HEALTHY_TIMEOUT_S = 120.0
START_ATTEMPTS = 4
"""A part that ends as often as this while it is waited for is not waited for any longer."""
LAST_WORDS_BYTES = 4096
LAST_WORDS_CHARACTERS = 300
ENVIRONMENT_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "JAVA_HOME", "SSL_CERT_FILE", "SSL_CERT_DIR")

_UP = "muniment up"

Report = Callable[[str], None]
"""Takes one line on how far the start has come."""


def prepare(plan: Plan) -> None:
    """Make the folders and clusters that do not exist yet, and write the supervisor's settings.

    Raises `FileNotFoundError` for something that set-up should have installed, `RuntimeError` when a tool fails.
    """
    settings, places = plan.settings, plan.places
    for folder in (places.run, places.logs):
        folder.mkdir(parents=True, exist_ok=True)
    # These are merged into muniment.log: what an earlier stack wrote is there already.
    shutil.rmtree(places.parts, ignore_errors=True)
    places.parts.mkdir()
    if "kafka" in plan.names:
        kafka.prepare(parts.broker(settings, plan.ports))
    if "postgres" in plan.names:
        server = parts.server(settings, plan.ports, plan.password)
        noted = settings.home / "postgres-home"
        if not noted.exists() and not server.home.is_relative_to(settings.home):
            # A home was removed by hand and made anew: the data of the old one answer to a password that is gone.
            shutil.rmtree(server.home, ignore_errors=True)
        noted.write_text(f"{server.home}\n")
        postgres.prepare(server)
    common = {"MUNIMENT_HOME": str(settings.home), MARK: mark(settings.home)}
    record.write_private(places.config, render(plan.parts, places, common))


def child_environment(given: Mapping[str, str], home: str) -> dict[str, str]:
    """What the supervisor and so all parts get: the settings, and of the rest only what programs need."""
    kept = {
        name: value
        for name, value in given.items()
        if name in ENVIRONMENT_KEPT or name.startswith(("MUNIMENT_", "OPENAI_", "AWS_", "OPENBLAS_", "OTEL_"))
    }
    # Safe path: the folder that `up` was called in may be the repository, whose folders are not to be import roots.
    return {**kept, MARK: home, "PYTHONUNBUFFERED": "1", "PYTHONSAFEPATH": "1"}


def launch(plan: Plan, kept: Iterable[socket.socket] = (), *, attached: bool) -> subprocess.Popen[bytes]:
    """Start the supervisor in a session of its own; `attached`, it ends when this process does.

    It inherits the sockets that keep the ports, and holds them for as long as it lives. Call it from the main thread:
    the kernel takes the end of the calling thread for that of the parent.
    """
    command = [sys.executable, "-W", "ignore", "-m", "muniment.infra.stack.supervising", "-c", str(plan.places.config)]
    if attached:
        command = ["setpriv", "--pdeathsig=TERM", *command]
    with (plan.places.logs / "supervisord.out").open("ab") as sink:
        process = subprocess.Popen(  # noqa: S603 - our own command line
            command,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=[one.fileno() for one in kept],
            env=child_environment(os.environ, mark(plan.settings.home)),
        )
    record.write(
        plan.settings.home,
        record.Record(
            supervisor=record.Process(process.pid, psutil.Process(process.pid).create_time()),
            ports=plan.ports,
            settings=plan.filled,
            addresses=plan.addresses,
            parts=plan.names,
        ),
    )
    return process


async def wait_for_supervisor(control: Control, process: subprocess.Popen[bytes]) -> None:
    """Until it answers. Raises `NotHealthyError` when it has ended or does not come."""

    async def probe() -> str:
        if not await asyncio.to_thread(control.answers):
            raise ConnectionError("no answer yet")
        return "answers"

    def stopped() -> str | None:
        code = process.poll()
        return None if code is None else f"ended with {code}, see logs/supervisord.out"

    await health.wait_for("supervisor", probe, SUPERVISOR_TIMEOUT_S, stopped)


def last_words(log: Path) -> str:
    """The last line that a part wrote, shortened."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, log.stat().st_size - LAST_WORDS_BYTES))
            lines = stream.read().decode(errors="replace").split("\n")
    except FileNotFoundError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")[:LAST_WORDS_CHARACTERS]


class Attempts:
    """Watches one part come up: how often it was started, and when there is no hope left."""

    def __init__(self, control: Control, part: Part, log: Path) -> None:
        self._control = control
        self._part = part
        self._log = log
        self._pids: set[int] = set()

    def hopeless(self) -> str | None:
        """Why the part will not come up any more, or none: the supervisor is gone or gave up, or it keeps ending."""
        try:
            found = next((state for state in self._control.states() if state.name == self._part.name), None)
        except ConnectionError:
            return "the supervisor is gone"
        if found is None:
            return "the supervisor does not know it"
        self._pids |= {found.pid} - {0}
        if found.given_up or len(self._pids) > START_ATTEMPTS:
            return f"does not start: {last_words(self._log)} (more in {self._log})"
        return None


def probe_of(part: Part, plan: Plan) -> health.Probe:
    """How to ask that part."""
    if part.name == "kafka":
        return partial(health.kafka, plan.filled["kafka_bootstrap"])
    if part.name == "postgres":
        return partial(health.postgres, parts.server(plan.settings, plan.ports, plan.password).dsn())
    assert part.health is not None
    return partial(health.http_ok, part.health)


async def wait_healthy(plan: Plan, stage: Stage, control: Control, report: Report) -> None:
    """Until every part of the stage is well. Raises `NotHealthyError` naming the first that is not."""

    async def one(part: Part) -> None:
        attempts = Attempts(control, part, plan.places.log_of(part))
        said = await health.wait_for(part.name, probe_of(part, plan), HEALTHY_TIMEOUT_S, attempts.hopeless)
        report(f"{part.name}: {said}")

    await asyncio.gather(*(one(part) for part in plan.stage(stage)))


async def create_database(dsn: str, name: str) -> None:
    """Create the database if it is not there."""
    connection = await asyncpg.connect(dsn)
    try:
        with suppress(asyncpg.DuplicateDatabaseError):
            await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()


async def lay_foundations(plan: Plan, settings: Settings, report: Report) -> None:
    """Database, migrations, topics: what every worker takes for granted. `settings` are complete."""
    if "postgres" in plan.names:
        await create_database(parts.server(plan.settings, plan.ports, plan.password).dsn(), DATABASE)
    if settings.database_url is not None:
        done = await apply_migrations(settings.database_url.get_secret_value())
        report(f"migrations: {', '.join(done) or 'up to date'}")
        if "api" in plan.names:
            await _note_key(plan.settings.home, settings.database_url.get_secret_value())
    if settings.kafka_bootstrap is not None:
        report(f"topics: {await _topics(settings, settings.kafka_bootstrap)}")
    if settings.schema_registry_url is not None:
        address = settings.schema_registry_url.get_secret_value()
        report(f"schemas: {await asyncio.to_thread(_registered, settings, address)}")


async def _topics(settings: Settings, bootstrap: str) -> str:
    """Make the topics what is declared; what became of it. Where something changes, the trail has it, with what.

    No broker is waited for to enter it: the first part that runs brings the entries to the log.
    """
    # Imported late: the topics are derived from the registry of events, which takes a moment to build.
    from muniment.infra import topics  # noqa: PLC0415
    from muniment.infra.acting import Act, entering  # noqa: PLC0415
    from muniment.infra.trailing import trail_folder  # noqa: PLC0415

    given = {"partitions": settings.partitions, "replication": settings.replication_factor}
    changes = await topics.plan(bootstrap, **given)
    if made := topics.made(changes):
        with entering(trail_folder(settings), Act("topics.apply", "topic", reason=f"{_UP}: {made}")):
            changes = await topics.apply(bootstrap, **given)
    refused = [f"{change.topic} {change.what}: {change.refused}" for change in changes if change.refused]
    left = [f"warning: {change.topic} without {change.what}: {change.left}" for change in changes if change.left]
    return "; ".join([*refused, *left]) or f"{len(changes)} changes"


def _registered(settings: Settings, address: str) -> str:
    """Fill the registry outside; what became of it. Nobody here waits for it: consumers do."""
    from muniment.infra.acting import Act, entering  # noqa: PLC0415 - as with the topics
    from muniment.infra.registering import fill  # noqa: PLC0415
    from muniment.infra.trailing import trail_folder  # noqa: PLC0415

    def changing(name: str) -> AbstractContextManager[Act]:
        return entering(trail_folder(settings), Act("schemas.register", "schema_registry", name, reason=_UP))

    return fill(address, changing)


async def bring_up(plan: Plan, settings: Settings, process: subprocess.Popen[bytes], report: Report) -> None:
    """Everything after the launch, until all parts are well. Raises `NotHealthyError`."""
    control = Control(plan.places.socket)
    await wait_for_supervisor(control, process)
    await wait_healthy(plan, Stage.BASE, control, report)
    await lay_foundations(plan, settings, report)
    for part in plan.stage(Stage.APPS):
        await asyncio.to_thread(control.start, Stage.APPS, part.name)
    await wait_healthy(plan, Stage.APPS, control, report)


async def _note_key(home: Path, database_url: str) -> None:
    """Put the key of this folder's commands into the record of the stack."""
    # Imported late: it brings in the API.
    from muniment.infra.stack.api_key import ensure_key  # noqa: PLC0415

    key = await ensure_key(home, database_url)
    found = record.read(home)
    if found:
        record.write(home, replace(found, settings=found.settings | {"api_key": key}))
