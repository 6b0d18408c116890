"""Schema registries for tests: ours on a port of its own, and Apicurio where it was fetched (`make registry-peers`)."""

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI
from support.ports import free_ports

from muniment.api.key_store import KeyStore
from muniment.api.registry.app import PREFIX, create_registry
from muniment.infra.registering import OutsideRegistry, places
from muniment.schemas.catalogue import declarations

PEERS = Path(__file__).parents[2] / ".muniment" / "peers"
"""Where `make registry-peers` puts what is too large for every set-up."""
START_S = 120.0


def peer(name: str) -> Path:
    """The folder of what was fetched under this name; skips the test where it is not wanted or cannot be had."""
    if not os.environ.get("MUNIMENT_TEST_PEERS"):
        pytest.skip("large, and slow to start: `make registry-peers` fetches it and runs these tests")
    if not (PEERS / name).is_dir():
        pytest.skip(f"{name} is not in {PEERS}: it needs Java 21 or newer, see `make registry-peers`")
    return PEERS / name


@dataclass(frozen=True)
class Running:
    """A registry and its address for clients."""

    name: str
    url: str


@contextmanager
def ours(keys: KeyStore | None = None) -> Iterator[Running]:
    """The registry of the API, mounted as the API mounts it."""
    app = FastAPI(openapi_url=None)
    app.mount(PREFIX, create_registry(keys))
    with served(app) as url:
        yield Running("ours", f"{url}{PREFIX}")


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """An application on a port and in a thread of its own; its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + START_S
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


@contextmanager
def apicurio(folder: Path) -> Iterator[Running]:
    """Apicurio Registry in memory, with all schemas registered by `muniment schemas register`'s own code."""
    with bare_apicurio(folder) as running:
        with OutsideRegistry(running.url) as outside:
            outside.register(places(declarations()))
        yield running


@contextmanager
def bare_apicurio(folder: Path) -> Iterator[Running]:
    """Apicurio Registry in memory, empty. Its log is `apicurio.log` of the folder."""
    port, management = free_ports(2)
    environment = {
        **os.environ,
        "QUARKUS_HTTP_HOST": "127.0.0.1",
        "QUARKUS_HTTP_PORT": str(port),
        "QUARKUS_MANAGEMENT_HOST": "127.0.0.1",
        "QUARKUS_MANAGEMENT_PORT": str(management),
    }
    java = (PEERS / "java").read_text("utf-8").strip()
    command = [java, "-Xmx400m", "-jar", str(PEERS / "apicurio" / "quarkus-run.jar")]
    with (folder / "apicurio.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}/apis/ccompat/v7"
            _answers(url, process, folder)
            yield Running("apicurio", url)
        finally:
            process.terminate()
            process.wait(20)


def _answers(url: str, process: "subprocess.Popen[bytes]", folder: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        assert process.poll() is None, (folder / "apicurio.log").read_text("utf-8")[-2000:]
        with suppress(httpx2.TransportError):
            if httpx2.get(f"{url}/subjects", trust_env=False).is_success:
                return
        time.sleep(0.2)
    raise AssertionError("Apicurio did not start")
