"""The work of `muniment ingest`: uploads side by side, jobs polled a hundred at a time."""

import asyncio
import json
import os
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID, uuid5

from muniment.infra.cli.client import ApiError, Client
from muniment.infra.cli.tally import Tally
from muniment.infra.cli.walk import Wanted, WantedUrl

NAMESPACE = UUID("6d756e69-6d65-5e74-8000-000000000002")
"""Of document ids that are derived from paths."""
POLL_S = 0.5
POLLED = 100
"""Jobs that one request asks for."""
PATH_LIMIT = 1000


def text_of(path: Path) -> str:
    """A path as text: bytes that are no UTF-8 are written out, so that two paths never read the same."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def document_id_of(tenant: str, path: Path) -> UUID:
    """The id of the document at an absolute path: the same path again is a new version of it."""
    return uuid5(NAMESPACE, f"{tenant}/{text_of(path)}")


def document_id_at(tenant: str, url: str) -> UUID:
    """The id of the document at a web address: the same address again is a new version of it."""
    return uuid5(NAMESPACE, f"{tenant}/{url}")


@dataclass
class Ingest:
    """One ingest under way."""

    api: Client
    tally: Tally
    tenant: str
    lane: str
    metadata: Mapping[str, str]
    started: float = field(default_factory=monotonic)
    open: dict[str, str] = field(default_factory=dict)
    moved: float = field(default_factory=monotonic)
    live: dict[str, dict[str, Any]] = field(default_factory=dict)
    _turn: deque[str] = field(default_factory=deque)

    async def submit_all(self, files: Iterable[Wanted | WantedUrl], concurrency: int) -> None:
        """Submit every file and address, `concurrency` at once."""
        left = iter(files)

        async def one_after_another() -> None:
            for file in left:
                await self._submit(file)

        async with asyncio.TaskGroup() as group:
            for _ in range(concurrency):
                group.create_task(one_after_another())

    async def _submit(self, file: Wanted | WantedUrl) -> None:
        path = file.url if isinstance(file, WantedUrl) else text_of(file.path)
        try:
            done = await (self._link(file) if isinstance(file, WantedUrl) else self._upload(file))
        except OSError:
            self.tally.skip(path, "unreadable")
            self.tally.found -= 1
        except ApiError as error:
            if error.code in {"unauthorized", "forbidden"}:
                raise  # the next file would fare no better
            if error.code == "no_answer":
                # Either the API is gone, which this says, or it hung up on this one file.
                await self.api.get("/v1/whoami")
            self.tally.reject(path, error.code, error.detail)
        else:
            self.tally.submitted += 1
            self.open[done["job_id"]] = path
            self._turn.append(done["job_id"])
        self.moved = monotonic()

    async def _upload(self, file: Wanted) -> Any:
        path = text_of(file.path)
        metadata = dict(self.metadata) | ({"path": path} if len(path) <= PATH_LIMIT else {})
        fields = {
            "document_id": str(document_id_of(self.tenant, file.path)),
            "metadata": json.dumps(metadata),
            "lane": self.lane,
        }
        return await self.api.upload(file.path, text_of(Path(file.path.name)), fields)

    async def _link(self, file: WantedUrl) -> Any:
        metadata = dict(self.metadata) | ({"url": file.url} if len(file.url) <= PATH_LIMIT else {})
        body = {
            "url": file.url,
            "document_id": str(document_id_at(self.tenant, file.url)),
            "metadata": metadata,
            "lane": self.lane,
        }
        return await self.api.post("/v1/documents", body)

    async def watch(self, submitting: asyncio.Task[None], patience_s: float, show: Callable[[], None]) -> None:
        """Poll the open jobs until all have ended, or nothing has moved for `patience_s`."""
        while self.open or not submitting.done():
            await self._poll()
            show()
            if submitting.done() and monotonic() - self.moved > patience_s:
                break
            await asyncio.sleep(POLL_S)
        self.tally.unfinished = len(self.open)
        show()

    async def _poll(self) -> None:
        # The oldest are the next to end; the rest is looked at in turn, so that each poll costs two requests at most.
        oldest = list(self.open)[:POLLED]
        turn = [self._turn[i] for i in range(min(POLLED, len(self._turn)))]
        self._turn.rotate(-len(turn))
        for asked in (oldest, [job for job in turn if job in self.open and job not in set(oldest)]):
            if asked:
                answer = await self.api.get("/v1/jobs", job_id=asked)
                for job in answer["items"]:
                    self._seen(job)
        if len(self._turn) > 2 * len(self.open) + POLLED:
            self._turn = deque(self.open)

    def _seen(self, job: dict[str, Any]) -> None:
        job_id = job["job_id"]
        if job_id not in self.open:
            return
        if job["ended"]:
            self.tally.end(self.open.pop(job_id), job, monotonic() - self.started)
            self.live.pop(job_id, None)
            self.moved = monotonic()
        elif self.live.get(job_id) != job:
            self.live[job_id] = job
            self.moved = monotonic()

    def now(self) -> dict[str, int]:
        """The numbers of the progress bar."""
        live = self.live.values()
        return {
            "chunks": self.tally.chunks + sum(job.get("chunks") or 0 for job in live),
            "retries": self.tally.retries + sum(job.get("attempts") or 0 for job in live),
            "waiting": sum(job["state"] == "waiting_retry" for job in live),
            "refused": sum(self.tally.refused.values()),
            "dead": self.tally.outcomes["failed"],
        }
