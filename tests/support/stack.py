"""A whole stack for tests, in a home of its own under the temporary folder, with a fixed-latency embedding endpoint.

Everything is real but the model: `muniment up` runs Kafka, Postgres, workers, projections and API; vectors are hashes.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx2
import psutil
from support import own_loop
from support.endpoint import Endpoint
from support.plain import PLAIN
from support.ports import free_port
from support.until import until

from muniment.api.keys import Scope, create_key
from muniment.infra.stack import leftovers, record, scratch
from muniment.infra.stack.control import Control
from muniment.infra.stack.supervisord import Places

INSTALLED = Path(__file__).parents[2] / ".muniment"
ENDED = frozenset({"succeeded", "refused", "rejected", "failed", "cancelled"})
START_S = 240.0
BEHIND_S = 120.0
"""How long a read model may be behind: on a machine that stands still, longer than one request waits."""
FOLDED = frozenset({"indexed", "refused", "failed", "cancelled", "deleted"})
"""Ends of a job that the read model of documents tells of."""
UNFINISHED = frozenset({"", "submitted", "extracted", "chunked"})


class Api:
    """What a caller with one key does over HTTP. A `patient` one repeats what was not acknowledged."""

    def __init__(self, url: str, key: str, tenant: str, *, patience_s: float = 0.0) -> None:
        self.tenant = tenant
        self.key = key
        self._patience_s = patience_s
        self.http = httpx2.Client(
            base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60, trust_env=False, verify=PLAIN
        )

    def ask(self, method: str, path: str, **how: Any) -> httpx2.Response:
        """One request; repeated on 503 and broken connections while there is patience.

        And, whatever the patience, while the read model has not come to the position that was named: nothing was done.
        """
        deadline = time.monotonic() + self._patience_s
        while True:
            try:
                answer = self.http.request(method, path, **how)
                late = time.monotonic() > deadline + (BEHIND_S if _behind(answer) else 0)
                if answer.status_code not in {502, 503} or late:
                    return answer
            except httpx2.TransportError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.3)

    def get(self, path: str, token: str | None = None, **params: Any) -> dict[str, Any]:
        """The JSON of a GET that has to work; with a position token it sees that change."""
        headers = {"Muniment-Position": token} if token else {}
        answer = self.ask("GET", path, params=params, headers=headers)
        assert answer.status_code == 200, f"GET {path}: {answer.status_code} {answer.text}"
        found: dict[str, Any] = answer.json()
        return found

    def status(self, path: str, token: str | None = None) -> int:
        """Only the status of a GET."""
        return self.ask("GET", path, headers={"Muniment-Position": token} if token else {}).status_code

    def submit(self, data: bytes | str, name: str = "document.txt", **fields: str) -> dict[str, Any]:
        """Upload a file; what was acknowledged."""
        content = data.encode() if isinstance(data, str) else data
        files = {"file": (name, content, "application/octet-stream")}
        answer = self.ask("POST", "/v1/documents", data=fields, files=files)
        assert answer.status_code == 202, f"POST {name}: {answer.status_code} {answer.text}"
        done: dict[str, Any] = answer.json()
        return done

    def delete(self, document_id: str, token: str | None = None) -> dict[str, Any]:
        """Delete a document; what was acknowledged."""
        headers = {"Muniment-Position": token} if token else {}
        answer = self.ask("DELETE", f"/v1/documents/{document_id}", headers=headers)
        assert answer.status_code == 202, f"DELETE: {answer.status_code} {answer.text}"
        done: dict[str, Any] = answer.json()
        return done

    def job(self, job_id: str) -> dict[str, Any] | None:
        """The job as the read model has it, if at all."""
        found = self.get("/v1/jobs", job_id=job_id)["items"]
        return found[0] if found else None

    def ended(self, done: Mapping[str, Any], timeout_s: float = 120.0) -> dict[str, Any]:
        """The job of what was acknowledged, once it has ended, and once documents say the same.

        Jobs and documents are folded apart from each other: what one says by now the other says a moment later.
        """
        last: dict[str, Any] | None = None

        def look() -> dict[str, Any] | None:
            nonlocal last
            last = self.job(done["job_id"])
            return last if last and last["ended"] else None

        try:
            job = until("the job ends", look, timeout_s)
        except AssertionError as error:
            raise AssertionError(f"{error}: {last}") from None
        until(f"documents say what became of {job}", lambda: self._told(job, done.get("position")))
        return job

    def _told(self, job: Mapping[str, Any], token: str | None) -> bool:
        """Whether the read model of documents has come to the end of this job.

        As of its submission at least: that there is no such document is so before it, too.
        """
        if job["kind"] not in {"submit", "delete"} or job["outcome"] not in FOLDED or not job["document_id"]:
            return True
        headers = {"Muniment-Position": token} if token else {}
        answer = self.ask("GET", f"/v1/documents/{job['document_id']}/versions", headers=headers)
        if job["kind"] == "delete" or answer.status_code != 200:
            # Of a submission: it was deleted since.
            return answer.status_code == 404
        versions = {one["job_id"]: one["status"] for one in answer.json()["items"]}
        return versions.get(job["job_id"], "") not in UNFINISHED

    def indexed(
        self, data: bytes | str, name: str = "document.txt", *, seen_within_s: float = 60, **fields: str
    ) -> dict[str, Any]:
        """Upload a file and wait until search and the list of documents see it; what was acknowledged."""
        done = self.submit(data, name, **fields)
        job = self.ended(done)
        assert job["outcome"] == "indexed", job
        until("search sees the document", lambda: self._searchable(done["document_id"], job["version"]), seen_within_s)
        self.get(f"/v1/documents/{done['document_id']}", done["position"])
        return done

    def search(self, q: str, mode: str = "hybrid", k: int = 10, **body: Any) -> list[dict[str, Any]]:
        """The hits."""
        answer = self.ask("POST", "/v1/search", json={"q": q, "mode": mode, "k": k, **body})
        assert answer.status_code == 200, f"search: {answer.status_code} {answer.text}"
        hits: list[dict[str, Any]] = answer.json()["hits"]
        return hits

    def _searchable(self, document_id: str, version: int) -> bool:
        hits = self.search("anything", mode="vector", k=1, document_ids=[document_id])
        return bool(hits) and hits[0]["version"] >= version


def _behind(answer: httpx2.Response) -> bool:
    """Whether it says that a read model has not come to the position yet."""
    return answer.status_code == 503 and b"read_model_behind" in answer.content


@dataclass
class Stack:
    """A running stack and what tests do with it."""

    home: Path
    endpoint: Endpoint
    settings: dict[str, str] = field(default_factory=dict)
    callers: list[Api] = field(default_factory=list)
    program: tuple[str, ...] = (sys.executable, "-m", "muniment.infra.cli.main")

    def run(self, *words: str, check: bool = True, timeout_s: float = START_S) -> "subprocess.CompletedProcess[str]":
        """One command of the command line, as a person runs it."""
        command = [*self.program, *words]
        environment = scratch.environment(self.home, **self.settings)
        # Not `subprocess.run(timeout=...)` alone: what a detached stack inherits must not hold the pipes open.
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            done = subprocess.run(command, env=environment, stdout=out, stderr=err, timeout=timeout_s, check=False)
            out.seek(0)
            err.seek(0)
            result = subprocess.CompletedProcess(command, done.returncode, out.read(), err.read())
        assert not check or result.returncode == 0, f"muniment {' '.join(words)}: {result.stdout}\n{result.stderr}"
        return result

    def up(self) -> None:
        """Start it; returns once every part is well."""
        self.run("up", "--detach")

    def record(self) -> record.Record:
        """What runs and where."""
        found = record.running(self.home)
        assert found is not None, "no stack runs in this home"
        return found

    @property
    def database_url(self) -> str:
        """The address of its Postgres."""
        return str(self.record().settings["database_url"])

    @property
    def kafka_bootstrap(self) -> str:
        """The address of its broker."""
        return str(self.record().settings["kafka_bootstrap"])

    def api(self, tenant: str | None = None, *, patience_s: float = 0.0) -> Api:
        """A caller with a new key, by default for a tenant of its own."""
        tenant = tenant or f"t{uuid4().hex[:10]}"

        async def made() -> str:
            connection = await asyncpg.connect(self.database_url)
            try:
                return (await create_key(connection, tenant=tenant, name="test", scopes=list(Scope))).token
            finally:
                await connection.close()

        self.callers.append(Api(self.record().addresses["api"], own_loop.run(made()), tenant, patience_s=patience_s))
        return self.callers[-1]

    def rows(self, query: str, *arguments: Any) -> list[Any]:
        """What Postgres answers."""

        async def asked() -> list[Any]:
            connection = await asyncpg.connect(self.database_url)
            try:
                return list(await connection.fetch(query, *arguments))
            finally:
                await connection.close()

        return own_loop.run(asked())

    def pids(self) -> dict[str, int]:
        """The processes of the parts that the supervisor runs, and its own."""
        states = Control(Places(self.home).socket).states()
        return {s.name: s.pid for s in states if s.pid} | {"supervisor": self.record().supervisor.pid}

    def family(self, part: str) -> list[psutil.Process]:
        """A part's process and all below it."""
        top = psutil.Process(self.pids()[part])
        return [top, *top.children(recursive=True)]

    def kill(self, part: str) -> None:
        """`kill -9` of a part's own process, whatever it is doing."""
        pid = until(f"{part} has a process", lambda: self.pids().get(part))
        assert pid
        os.kill(pid, signal.SIGKILL)

    def log(self) -> str:
        """Everything that the parts wrote, merged and apart."""
        files = [path for path in (self.home / "logs").rglob("*") if path.is_file()]
        return "\n".join(path.read_text(errors="replace") for path in files)


@contextmanager
def running_stack(
    *,
    base_ms: float = 5.0,
    per_input_ms: float = 0.05,
    settings: Mapping[str, str] | None = None,
    make: Callable[[Path, Endpoint, dict[str, str]], Stack] = Stack,
    endpoint: Endpoint | None = None,
) -> Iterator[Stack]:
    """A stack that is up; ended and removed at the end, whatever happened (kept with `MUNIMENT_TEST_KEEP=1`)."""
    folder = Path(tempfile.mkdtemp(prefix="muniment-e2e-"))
    folder.chmod(0o755)
    endpoint = endpoint or Endpoint(free_port(), base_ms=base_ms, per_input_ms=per_input_ms)
    given = {
        "OPENAI_BASE_URL": f"{endpoint.url}/v1",
        "OPENAI_API_KEY": "unused",
        "MUNIMENT_PARTITIONS": "4",
        "MUNIMENT_KAFKA_HEAP_MIB": "320",
        "MUNIMENT_EMBEDDING_REQUESTS_PER_MINUTE": "100000",
        **(settings or {}),
    }
    stack = make(scratch.make(folder / "home", INSTALLED), endpoint, given)
    try:
        endpoint.start()
        stack.up()
        yield stack
    finally:
        for caller in stack.callers:
            caller.http.close()
        stack.run("down", check=False)
        leftovers.sweep(stack.home)
        endpoint.close()
        if os.environ.get("MUNIMENT_TEST_KEEP") != "1":
            shutil.rmtree(folder, ignore_errors=True)
