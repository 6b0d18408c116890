"""The real server and the stand-in, each as a process of its own on a free port."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from support.plain import PLAIN
from support.ports import free_port as new_free_port

from muniment.infra.embedding_server.convert import convert

MODELS = Path(__file__).parents[3] / ".muniment" / "models" / "multilingual-e5-small"


@contextmanager
def running(log: Path, module: str, *arguments: str) -> Iterator[str]:
    """A server's address while its process runs; the process is ended by its own id."""
    port = new_free_port()
    command = [sys.executable, "-m", module, "--port", str(port), *arguments]
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as process:
        try:
            address = f"http://127.0.0.1:{port}"
            wait_until_healthy(address, process, log)
            yield address
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_until_healthy(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            if httpx2.get(f"{address}/health", timeout=20, verify=PLAIN).status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"the server did not come up: {log.read_text(errors='replace')[-2000:]}")


@pytest.fixture(scope="session")
def model_folder() -> Path:
    """The converted model; made on first use, kept in the project's ignored folder."""
    convert(MODELS)
    return MODELS


@pytest.fixture(scope="session")
def e5_address(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The project's own server with the real model."""
    log = tmp_path_factory.mktemp("e5") / "server.log"
    with running(log, "muniment.infra.embedding_server", "--model", str(model_folder), "--threads", "2") as address:
        yield address


@pytest.fixture(scope="session")
def fixed_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The stand-in with a fixed latency."""
    log = tmp_path_factory.mktemp("fixed") / "server.log"
    with running(log, "muniment.infra.embedding_server.fixed") as address:
        yield address
