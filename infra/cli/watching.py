"""The work of `muniment jobs watch`: which jobs are watched, how they stand, and what is worth a line."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from muniment.infra.cli import render
from muniment.infra.cli.client import ApiError, Client
from muniment.infra.cli.event_source import Event, EventSource

TOGETHER = 100
"""Jobs that one stream is asked for."""
UNKNOWN_S = 5.0
"""How long a job may be unknown: it may have been submitted a moment ago."""
LOOK_S = 0.5
Show = Callable[[Mapping[str, Any]], None]


@dataclass
class Watched:
    """The jobs of one stream. `wanted` names them; when it is `None`, all that are open, and those that come."""

    wanted: frozenset[str] | None
    show: Show
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    began: bool = False

    def take(self, event: Event) -> None:
        """Learn from an event, and show what has changed."""
        if event.name == "queue":
            self._placed(event.data["positions"])
        elif event.name == "snapshot":
            self.began = True
            for job in event.data["jobs"]:
                self.learn(job)
        elif event.name in {"job", "end"}:
            self.learn(event.data)

    def learn(self, job: dict[str, Any]) -> None:
        """How a job stands."""
        if self.wanted is not None and job["job_id"] not in self.wanted:
            return
        if job["state"] == "queued":
            job = job | {"queue_position": job["queue_position"] or self.places.get(job["job_id"])}
        if self.jobs.get(job["job_id"]) != job:
            self.jobs[job["job_id"]] = job
            self.show(job)

    @property
    def unknown(self) -> list[str]:
        """Those that were named and not seen yet."""
        return sorted((self.wanted or frozenset()) - self.jobs.keys())

    @property
    def open(self) -> list[str]:
        """Those that have not ended."""
        return [i for i, job in self.jobs.items() if not job["ended"]] + self.unknown

    def _placed(self, places: Mapping[str, int]) -> None:
        self.places.update(places)
        for job_id in places.keys() & self.jobs.keys():
            job = self.jobs[job_id]
            if job["state"] == "queued":
                self.learn(job | {"queue_position": places[job_id]})


async def watch(api: Client, job_ids: Sequence[str] | None, show: Show) -> list[dict[str, Any]]:
    """Follow jobs until all have ended; how each ended.

    Raises:
        ApiError: a job is not known, or the API does not answer any more.

    """
    if job_ids is None:
        return await _until_ended(api, Watched(None, show))
    names = sorted(set(job_ids))
    groups = [frozenset(names[n : n + TOGETHER]) for n in range(0, len(names), TOGETHER)]
    found = await asyncio.gather(*[_until_ended(api, Watched(group, show)) for group in groups])
    return [job for jobs in found for job in jobs]


async def _until_ended(api: Client, watched: Watched) -> list[dict[str, Any]]:
    params = {"job_id": sorted(watched.wanted)} if watched.wanted else {}
    source = EventSource(api, "/v1/jobs/events", params)
    async with aclosing(source.events()) as events:
        async for event in events:
            watched.take(event)
            if event.name == "snapshot" and watched.wanted is None:
                await _missed(api, watched, {job["job_id"] for job in event.data["jobs"]})
            if event.name == "snapshot" and watched.unknown:
                await _look_for(api, watched)
            if watched.began and not watched.open and not await _more(api, watched):
                break
    return list(watched.jobs.values())


async def _missed(api: Client, watched: Watched, shown: set[str]) -> None:
    """A new beginning shows open jobs only: what else was open has ended meanwhile."""
    gone = [job_id for job_id in watched.open if job_id not in shown]
    for n in range(0, len(gone), TOGETHER):
        for job in (await api.get("/v1/jobs", job_id=gone[n : n + TOGETHER]))["items"]:
            watched.learn(job)


async def _more(api: Client, watched: Watched) -> bool:
    """Whether there are open jobs that no snapshot had room for."""
    if watched.wanted is not None:
        return False
    for state in ("queued", "running", "waiting_retry"):
        for job in (await api.get("/v1/jobs", state=state, limit=200))["items"]:
            watched.learn(job)
    return bool(watched.open)


async def _look_for(api: Client, watched: Watched) -> None:
    deadline = monotonic() + UNKNOWN_S
    while watched.unknown and monotonic() < deadline:
        await asyncio.sleep(LOOK_S)
        for job in (await api.get("/v1/jobs", job_id=watched.unknown))["items"]:
            watched.learn(job)
    if watched.unknown:
        raise ApiError("not_found", f"there is no job {watched.unknown[0]}", "check the id with `muniment jobs list`")


def line(job: Mapping[str, Any]) -> str:
    """A job in a line: its id, how it stands, and how far it is, or why it failed."""
    parts = [job["job_id"], job["outcome"] or job["state"]]
    if job["ended"]:
        parts.append(render.why(job) or render.came_to(job))
    elif job["state"] == "queued" and job["queue_position"]:
        parts.append(f"place {job['queue_position']} in the queue")
    else:
        parts.append(render.progress(job))
        if job.get("retry_due_at"):
            parts.append(render.why(job))
    return "  ".join(part for part in parts if part)


def tally(jobs: Sequence[Mapping[str, Any]]) -> str:
    """How many ended how."""
    counts: dict[str, int] = {}
    for job in jobs:
        name = job["outcome"] or job["state"]
        counts[name] = counts.get(name, 0) + 1
    ended = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    return f"{len(jobs)} job{'' if len(jobs) == 1 else 's'}: {ended}" if jobs else "no open jobs"


def succeeded(jobs: Sequence[Mapping[str, Any]]) -> bool:
    """Whether all ended well."""
    return all(job["state"] == "succeeded" for job in jobs)
