"""What `muniment doctor` looks at. Each check is one function that says how it is and, if badly, what to do."""

import asyncio
import re
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg

from muniment.infra.kafka.ready import brokers
from muniment.infra.migrations.apply import applied, migrations, pending
from muniment.infra.settings import Settings
from muniment.infra.stack import health, parts, record
from muniment.infra.stack.audited_check import check_audited
from muniment.infra.stack.check import Check
from muniment.infra.stack.control import Control
from muniment.infra.stack.keys_check import check_keys
from muniment.infra.stack.sealing_check import check_sealing
from muniment.infra.stack.supervisord import Places

DISK_FREE_MIN_BYTES = 2 * 1024**3
JAVA_MIN = 17
SETUP = "make setup"
UP = "muniment up"
TOOL_TIMEOUT_S = 20


def java_major(text: str) -> int | None:
    """The major version in what `java -version` prints."""
    found = re.search(r'version "(\d+)', text)
    return int(found.group(1)) if found else None


async def check_python(_settings: Settings) -> Check:
    """The interpreter's version."""
    version = sys.version.split()[0]
    return Check("python", sys.version_info >= (3, 11), version, "install Python 3.11 or 3.12, then: " + SETUP)


async def check_java(settings: Settings) -> Check:
    """Java 17 or newer, for the embedded broker only."""
    if settings.kafka_bootstrap and record.read(settings.home.resolve()) is None:
        return Check("java", True, "not needed: Kafka is outside")
    remedy = "apt-get install -y openjdk-17-jre-headless"
    if shutil.which("java") is None:
        return Check("java", False, "not installed", remedy)
    done = await asyncio.to_thread(
        subprocess.run, ["java", "-version"], capture_output=True, text=True, timeout=TOOL_TIMEOUT_S, check=False
    )
    major = java_major(done.stderr)
    return Check("java", major is not None and major >= JAVA_MIN, f"version {major}", remedy)


async def check_files(settings: Settings) -> Check:
    """What set-up installs: jars and model."""
    home = settings.home.resolve()
    missing = [] if any((home / "kafka" / "lib").glob("kafka_*.jar")) else ["Kafka jars"]
    missing += [] if any(settings.model_folder.glob("*.onnx")) else ["embedding model"]
    return Check("files", not missing, f"missing: {', '.join(missing)}" if missing else "jars and model", SETUP)


async def check_disk(settings: Settings) -> Check:
    """Room to grow in the home folder."""
    folder = settings.home.resolve()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    remedy = f"make room in {folder}: the broker stops when its disk is full"
    return Check("disk", free >= DISK_FREE_MIN_BYTES, f"{free / 1024**3:.1f} GiB free", remedy)


async def check_supervisor(settings: Settings) -> Check:
    """Whether a stack runs, and whether the supervisor keeps all its parts up."""
    home = settings.home.resolve()
    found = record.running(home)
    if found is None:
        outside = not parts.embedded(Settings(home=home))
        return Check("stack", outside, "not running", UP)
    try:
        states = await asyncio.to_thread(Control(Places(home).socket).states)
    except ConnectionError as error:
        return Check("stack", False, str(error), "muniment down, then: " + UP)
    bad = [f"{state.name} is {state.state}" for state in states if not state.running]
    return Check("stack", not bad, "; ".join(bad) or f"{len(states)} parts run", f"look into {Places(home).merged}")


async def check_kafka(settings: Settings) -> Check:
    """The broker answers, and its topics are as declared."""
    if settings.kafka_bootstrap is None:
        return Check("kafka", False, "no address", UP)
    try:
        count = await brokers(settings.kafka_bootstrap)
    except ConnectionError as error:
        return Check("kafka", False, str(error), remedy_for(settings, "kafka"))
    from muniment.infra import topics  # noqa: PLC0415 - derived from the registry of events: slow to import

    found = await topics.plan(settings.kafka_bootstrap, settings.partitions, replication=settings.replication_factor)
    changes = [change for change in found if not change.left]
    if changes:
        detail = "; ".join(f"{change.topic}: {change.what}" for change in changes[:3])
        return Check("kafka", False, f"{len(changes)} topic differences: {detail}", "muniment topics apply")
    return Check("kafka", True, f"{count} broker(s), topics as declared")


async def check_postgres(settings: Settings) -> Check:
    """The server answers, has pgvector and all migrations."""
    if settings.database_url is None:
        return Check("postgres", False, "no address", UP)
    dsn = settings.database_url.get_secret_value()
    try:
        version = await health.postgres(dsn)
        connection = await asyncpg.connect(dsn, timeout=TOOL_TIMEOUT_S)
    except (ConnectionError, OSError, asyncpg.PostgresError) as error:
        return Check("postgres", False, str(error), remedy_for(settings, "postgres"))
    try:
        vector = await connection.fetchval("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
        todo = pending(migrations(), await applied(connection))
    finally:
        await connection.close()
    if vector is None or todo:
        return Check("postgres", False, f"pgvector {vector}; migrations to do: {len(todo)}", UP)
    return Check("postgres", True, f"{version}, pgvector {vector}, {len(migrations())} migrations")


async def check_embedding(settings: Settings) -> Check:
    """The endpoint turns a word into a vector of the right length."""
    if settings.openai_base_url is None:
        return Check("embedding", False, "no address", UP)
    import openai  # noqa: PLC0415 - takes half a second

    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else "none"
    client = openai.AsyncOpenAI(base_url=settings.openai_base_url, api_key=key, max_retries=0, timeout=TOOL_TIMEOUT_S)
    try:
        answer = await client.embeddings.create(model=settings.embedding_model, input=["doctor"])
    except openai.OpenAIError as error:
        return Check("embedding", False, type(error).__name__, remedy_for(settings, "embedding"))
    finally:
        await client.close()
    length = len(answer.data[0].embedding)
    remedy = f"set MUNIMENT_EMBEDDING_DIMENSIONS to {length}, or MUNIMENT_EMBEDDING_MODEL to the right one"
    return Check("embedding", length == settings.embedding_dimensions, f"{length} dimensions", remedy)


def check_own(name: str) -> Callable[[Settings], Awaitable[Check]]:
    """Workers, projections or API tell their health over HTTP."""

    async def check(settings: Settings) -> Check:
        port = getattr(settings, f"{name}_port")
        if not port:
            return Check(name, False, "no address", UP)
        host = parts.reach(settings.api_host if name == "api" else settings.web_host)
        try:
            return Check(name, True, await health.own(f"http://{host}:{port}/health"))
        except health.WaitsError as error:
            log = remedy_for(settings, name)
            return Check(name, False, str(error), f"what it says; it goes on by itself then. If it says nothing: {log}")
        except ConnectionError as error:
            return Check(name, False, str(error), remedy_for(settings, name))

    return check


def remedy_for(settings: Settings, name: str) -> str:
    """What to do about a part that does not answer."""
    found = record.running(settings.home.resolve())
    if found is None:
        return UP
    if name in found.parts:
        return f"look into {Places(settings.home.resolve()).parts / name}.log"
    return f"it is outside this stack: check its address ({Path('docs/settings.md')})"


async def check_all(settings: Settings) -> tuple[Check, ...]:
    """Every check, side by side, in a fixed order."""
    own = [check_own(name) for name in parts.OWN]
    checks = [
        check_python, check_java, check_files, check_disk, check_supervisor,
        check_kafka, check_audited, check_sealing, check_postgres, check_keys, check_embedding, *own,
    ]  # fmt: skip
    return tuple(await asyncio.gather(*(check(settings) for check in checks)))
