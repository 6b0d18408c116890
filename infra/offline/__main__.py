"""`make replay-offline`: take in a hundred documents, then replay every read model where nothing else can be reached.

The replay runs in a network namespace of its own: its loopback leads to the broker and to Postgres by two sockets, and
there is no other network. Its environment holds no key of an outside service, and its home nothing but the key ring.
Exit code 1 when a read model is not equal to the live one, or where the system permits no namespaces.
"""

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console

from muniment.infra import bootstrap
from muniment.infra.cli.failing import tell
from muniment.infra.not_set import required
from muniment.infra.offline import pipes
from muniment.infra.settings import Settings
from muniment.infra.stack import record, scratch

INSTALLED = Path(".muniment").resolve()
FOLDER = INSTALLED / "offline"
DOCUMENTS = 100
NOT_PERMITTED = """this system permits no network namespaces, so nothing was proved
do: run it as root, or where user namespaces are on (sysctl kernel.unprivileged_userns_clone=1)"""
_WALLS = (("unshare", "--net"), ("unshare", "--user", "--map-root-user", "--net"))
console = Console(highlight=False)


def main() -> int:
    """Run it all, or with `--home` on the stack that runs there; the exit code."""
    parser = argparse.ArgumentParser(prog="muniment.infra.offline", description=__doc__)
    parser.add_argument("--home", type=Path, help="a home whose stack runs, with what is in it")
    home = parser.parse_args().home
    walled = wall()
    if walled is None:
        tell(NOT_PERMITTED)
        return 1
    return _replayed(home, walled) if home else _from_nothing(walled)


def wall() -> Sequence[str] | None:
    """The command that runs another one in a network namespace; `None` where that is not permitted."""
    for words in _WALLS if shutil.which("unshare") else ():
        if subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0:  # noqa: S603 - our own
            return words
    return None


def _from_nothing(walled: Sequence[str]) -> int:
    home = scratch.make(FOLDER / "home", INSTALLED)
    documents = FOLDER / "documents"
    shutil.rmtree(documents, ignore_errors=True)
    documents.mkdir(parents=True)
    for number in range(DOCUMENTS):
        text = f"# Document {number}\n\n" + f"What is said under number {number} is said of nothing else. " * (
            number % 9 + 1
        )
        (documents / f"document-{number:03}.md").write_text(text, "utf-8")
    try:
        console.rule("[bold]starting the stack")
        scratch.muniment(home, "up", "--detach")
        console.rule(f"[bold]{DOCUMENTS} documents")
        scratch.muniment(home, "ingest", str(documents))
        return _replayed(home, walled)
    finally:
        scratch.muniment(home, "down", check=False)


def _replayed(home: Path, walled: Sequence[str]) -> int:
    console.rule("[bold]replay without network, keys and model")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="muniment-offline-")))
        code = asyncio.run(_behind(walled, folder, record.load_settings(home=home)))
    console.print("every read model was rebuilt and is what it was" if code == 0 else "[bold]not proved")
    return code


async def _behind(walled: Sequence[str], folder: Path, settings: Settings) -> int:
    database_url = bootstrap.database_url(settings)
    broker = required(settings.kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP").split(",")[0]
    ways = {}
    for name, address in (("kafka", f"//{broker}"), ("postgres", database_url)):
        place = urlsplit(address)
        assert place.hostname is not None
        assert place.port is not None
        ways[place.port] = folder / name
        await pipes.outside(folder / name, place.hostname, place.port)
    home = folder / "home"
    home.mkdir()
    # Nothing of the stack's own record and settings: only where log and tables are, and the local key ring.
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONSAFEPATH": "1",
        "MUNIMENT_HOME": str(home),
        "MUNIMENT_KAFKA_BOOTSTRAP": broker,
        "MUNIMENT_DATABASE_URL": database_url,
        "MUNIMENT_KEY_RING": str(settings.key_ring_file),
        "MUNIMENT_EMBEDDING_DIMENSIONS": str(settings.embedding_dimensions),
    }
    command = [sys.executable, "-m", "muniment.infra.cli.main", "replay", "--all", "--drop"]
    process = await asyncio.create_subprocess_exec(
        *walled,
        *(sys.executable, "-m", "muniment.infra.offline.inside"),
        *(f"{port}={path}" for port, path in ways.items()),
        "--",
        *command,
        env=environment,
        cwd=home,
    )
    return await process.wait()


if __name__ == "__main__":
    sys.exit(main())
