"""Callers and processes of a deployment with more than one instance of a part, for tests of rolling restarts."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import psutil
from support.plain import PLAIN
from support.ports import free_port
from support.stack import Stack, until

from muniment.infra.stack import scratch

STOPS_WITHIN_S = 120.0
"""Of a machine that stands still at moments."""
NEVER_BEGUN = (httpx2.ConnectError, httpx2.ConnectTimeout)


class Second:
    """A second instance of a part beside that of the supervisor, on a port of its own."""

    def __init__(self, stack: Stack, name: str, folder: Path) -> None:
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        self._command = [*stack.program, "run", name]
        # One child to read documents with: each loads a tokenizer first.
        own = {f"MUNIMENT_{name.upper()}_PORT": str(port), "MUNIMENT_CHILDREN": "1"}
        self._environment = scratch.environment(stack.home, **{**stack.settings, **own})
        self._log = folder / f"second-{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it says that it is well."""
        self.begin()
        self.well()

    def begin(self) -> None:
        """Start it without waiting for it."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, env=self._environment, stdout=log, stderr=log)

    def well(self) -> None:
        """Returns when it says that it is well."""
        until("the second instance is well", lambda: answers(f"{self.url}/health"), 180)

    def stop(self) -> float:
        """Ask it to stop; seconds until it has ended, in order."""
        if self._process is None:
            return 0.0
        process, self._process = self._process, None
        began = time.monotonic()
        process.terminate()
        try:
            code = process.wait(STOPS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            raise AssertionError(f"not stopped within {STOPS_WITHIN_S} s") from None
        assert code == 0, self._log.read_text()[-3000:]
        return time.monotonic() - began


def restart(stack: Stack, name: str) -> float:
    """Ask the supervisor's own instance to stop, and wait for the next; seconds until the first has ended."""
    process = psutil.Process(stack.pids()[name])
    began = time.monotonic()
    os.kill(process.pid, signal.SIGTERM)
    process.wait(STOPS_WITHIN_S)
    took = time.monotonic() - began
    address = f"{stack.record().addresses[name]}/health"
    until(f"{name} is well again", lambda: stack.pids().get(name, process.pid) != process.pid and answers(address), 180)
    return took


def answers(address: str) -> bool:
    """Whether it says that it is well."""
    try:
        return httpx2.get(address, timeout=3, trust_env=False, verify=PLAIN).status_code == 200
    except httpx2.TransportError:
        return False


@dataclass
class Roaming:
    """Callers that keep their connections, take the instances in turn, and go to the next one when one is not there.

    `failed` holds every answer that a caller could not use: a server error, or a connection that ended without an
    answer. A connection that was refused is no failure: nothing was asked yet, and the next instance is asked.
    """

    urls: Sequence[str]
    key: str
    failed: list[str] = field(default_factory=list)
    acknowledged: list[dict[str, Any]] = field(default_factory=list)
    reads: int = 0
    moved: int = 0
    _over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def begin(self, writers: int, readers: int, *, lanes: Sequence[str], pause_s: float) -> None:
        """Start callers that submit documents, and callers that search."""

        def write(ask: Callable[..., Any], number: int) -> None:
            name = f"{uuid4().hex}.txt"
            answer = ask(
                "POST", "/v1/documents", headers={"Idempotency-Key": str(uuid4())},
                data={"lane": lanes[number % len(lanes)]}, files={"file": (name, f"Of {name}, a few words.".encode())},
            )  # fmt: skip
            if answer is not None and answer.status_code == 202:
                self.acknowledged.append(answer.json())

        def read(ask: Callable[..., Any], number: int) -> None:
            del number
            if ask("GET", "/v1/search", params={"q": "a few words", "mode": "text"}) is not None:
                self.reads += 1

        for number in range(writers + readers):
            work = write if number < writers else read
            thread = threading.Thread(target=self._call, args=(work, number, pause_s), daemon=True)
            thread.start()
            self._threads.append(thread)

    def end(self) -> None:
        """Stop calling."""
        self._over.set()
        for thread in self._threads:
            thread.join(60)

    def _call(self, work: Callable[[Callable[..., Any], int], None], number: int, pause_s: float) -> None:
        headers = {"Authorization": f"Bearer {self.key}"}
        clients = [
            httpx2.Client(base_url=url, headers=headers, timeout=60, trust_env=False, verify=PLAIN) for url in self.urls
        ]

        def ask(method: str, path: str, **how: Any) -> httpx2.Response | None:
            nonlocal number
            for _ in range(10 * len(clients)):
                number += 1
                client = clients[number % len(clients)]
                try:
                    answer = client.request(method, path, **how)
                except NEVER_BEGUN:
                    self.moved += 1
                    time.sleep(0.05)
                except httpx2.TransportError as error:
                    self.failed.append(f"{method} {path}: {error!r}")
                    return None
                else:
                    if answer.status_code >= 400:
                        self.failed.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
                    return answer
            self.failed.append(f"{method} {path}: no instance there")
            return None

        turn = number
        while not self._over.is_set():
            work(ask, turn)
            turn += 1
            time.sleep(pause_s)
        for client in clients:
            client.close()
