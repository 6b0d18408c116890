"""The embedding endpoint with fixed answers, as a process of its own."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from support.plain import PLAIN
from support.ports import free_port


@contextmanager
def running_endpoint(model: str = "multilingual-e5-small", dimensions: int = 384) -> Iterator[str]:
    """Its address ending in `/v1`, while it runs; it answers at once. Ended by its own id."""
    port = free_port()
    words = [
        "--port",
        str(port),
        "--model",
        model,
        "--dimensions",
        str(dimensions),
        "--base-ms",
        "0",
        "--per-input-ms",
        "0",
    ]
    command = [sys.executable, "-m", "muniment.infra.embedding_server.fixed", *words]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait(f"http://127.0.0.1:{port}/health", process)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.kill()


def _wait(address: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx2.get(address, timeout=2, trust_env=False, verify=PLAIN).is_success:
                return
        except httpx2.TransportError:
            time.sleep(0.05)
    raise RuntimeError("the endpoint did not start")


def calls(address: str) -> int:
    """How often it was asked for embeddings."""
    found = httpx2.get(address.removesuffix("/v1") + "/calls", trust_env=False, verify=PLAIN).json()
    return int(found["requests"])
