"""One real Postgres for a whole test run, and a fresh database in it for whoever asks."""

import os
import shutil
import signal
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from support import own_loop
from support.quick_folder import new_folder
from support.ready import until_ready

from muniment.infra.migrations.apply import apply_migrations
from muniment.infra.postgres import server as postgres
from muniment.infra.postgres.identity import identity
from muniment.infra.postgres.ready import server_version
from muniment.projections.prepare import prepare

READY_TIMEOUT_S = 60
# A test database need not outlive a power cut; a kill of the process it does outlive.
QUICK = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "'128MB'", "max_wal_size": "'256MB'"}


@contextmanager
def running_server(port: int, home: Path | None = None) -> Iterator[postgres.Server]:
    """A server that dies with this process, however that ends; its data go with it unless `home` is given."""
    folder = home or new_folder("muniment-postgres-")
    server = postgres.Server(home=folder, port=port, password=uuid.uuid4().hex, who=identity(), extra=QUICK)
    folder.chmod(0o711)
    postgres.prepare(server)
    log = folder / "server.log"
    with log.open("ab") as sink:
        process = subprocess.Popen(
            postgres.as_account(server.who, postgres.start_command(server), "QUIT"),
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd="/",
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        )
    try:
        try:
            own_loop.run(until_ready(lambda: server_version(server.dsn()), READY_TIMEOUT_S, process))
        except TimeoutError as cause:
            raise RuntimeError(f"Postgres did not start: {log.read_text()[-2000:]}") from cause
        yield server
    finally:
        process.send_signal(signal.SIGQUIT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if home is None:
            shutil.rmtree(folder, ignore_errors=True)


def with_database(dsn: str, database: str) -> str:
    """The same server, another database."""
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{database}"))


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def create_database(dsn: str, template: str | None = None) -> str:
    """Create a database under a new name, as a copy of `template` if one is given; returns its address."""
    name = f"t_{uuid.uuid4().hex}"
    # By files, since this server syncs nothing: the default writes every page to the WAL, which takes twice as long.
    copy = f' TEMPLATE "{template}" STRATEGY FILE_COPY' if template else ""
    own_loop.run(_execute(dsn, f'CREATE DATABASE "{name}"{copy}'))
    return with_database(dsn, name)


def drop_database(dsn: str, address: str) -> None:
    """Remove a database, whoever is still connected to it."""
    name = urlsplit(address).path.lstrip("/")
    own_loop.run(_execute(dsn, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


def create_template(dsn: str) -> str:
    """A database with all migrations applied, to be copied; returns its name."""
    address = create_database(dsn)
    own_loop.run(apply_migrations(address))
    return urlsplit(address).path.lstrip("/")


def create_prepared_template(dsn: str, template: str, dimensions: int) -> str:
    """A copy of `template` in which every read model is made, to be copied in its turn; returns its name."""
    address = create_database(dsn, template)
    own_loop.run(prepare(address, dimensions))
    return urlsplit(address).path.lstrip("/")
