"""The stand-in for an embedding provider beside a whole stack: a process of its own, told what to do over HTTP."""

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import httpx2
from support.plain import PLAIN
from support.until import until


class Endpoint:
    """The stand-in for an embedding provider: counts its calls, misbehaves on demand, can be killed."""

    def __init__(self, port: int, *, base_ms: float, per_input_ms: float) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._words = [f"--port={port}", f"--base-ms={base_ms}", f"--per-input-ms={per_input_ms}"]
        # A connection for each question: one that rests for as long as the server keeps it may end as it is used.
        limits = httpx2.Limits(max_keepalive_connections=0)
        self._http = httpx2.Client(base_url=self.url, timeout=60, trust_env=False, limits=limits, verify=PLAIN)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Serve; returns once it answers."""
        command = [sys.executable, "-m", "muniment.infra.embedding_server.fixed", "--model=multilingual-e5-small"]
        environment = {**os.environ, "PYTHONSAFEPATH": "1"}
        self.process = subprocess.Popen([*command, *self._words], env=environment)
        until("the embedding endpoint answers", self._answers, 120)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self.process:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    def close(self) -> None:
        """End it for good."""
        self.kill()
        self._http.close()

    def calls(self) -> dict[str, int]:
        """Counters since the last `reset`."""
        found: dict[str, int] = self._http.get("/calls").json()
        return found

    def reset(self) -> None:
        """No faults, counters at nought."""
        self._http.delete("/faults")
        self._http.delete("/calls")

    def answered(self, model: str, texts: list[str]) -> list[int]:
        """How often each text was answered by a model since the last `reset`."""
        found: list[int] = self._http.post("/answered", json={"model": model, "texts": texts}).json()["times"]
        return found

    def misbehave(self, *faults: Mapping[str, Any]) -> None:
        """Script faults, each for the next call or `times` calls."""
        answer = self._http.post("/faults", json={"faults": list(faults)})
        assert answer.is_success, answer.text

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, "the embedding endpoint has ended"
        with suppress(httpx2.TransportError):
            return self._http.get("/health").is_success
        return False
