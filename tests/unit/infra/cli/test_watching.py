"""`muniment jobs watch` against an API that is scripted answer by answer."""

import io
import json
from typing import Any

import httpx2
import pytest
from rich.console import Console

from muniment.infra.cli import event_source, watching
from muniment.infra.cli.client import Access, ApiError, Client
from muniment.infra.cli.watch_view import LiveTable, view

JOB: dict[str, Any] = {
    "document_id": "d",
    "kind": "submit",
    "version": 1,
    "ended": False,
    "outcome": None,
    "step": "embedding",
    "progress": None,
    "attempts": 0,
    "retry_due_at": None,
    "queue_position": None,
    "submitted_at": "2026-11-22T10:15:30Z",
    "chunks": None,
    "error": None,
}


def job(job_id: str, state: str = "running", **known: Any) -> dict[str, Any]:
    """A job as the API has it."""
    ended = state in {"succeeded", "failed"}
    return JOB | {"job_id": job_id, "state": state, "ended": ended, "outcome": state if ended else None} | known


def event(name: str, data: Any, event_id: str | None = None) -> str:
    """An event on the wire."""
    text = f"event: {name}\ndata: {json.dumps(data)}\n"
    return text + (f"id: {event_id}\n" if event_id else "") + "\n"


class Script:
    """The answers to streams, in their order; what else is asked is answered from `jobs`."""

    def __init__(self, *streams: str | httpx2.Response, jobs: list[dict[str, Any]] | None = None) -> None:
        self._streams = list(streams)
        self._jobs = {j["job_id"]: j for j in jobs or []}
        self.asked: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path != "/v1/jobs/events":
            state, names = request.url.params.get("state"), request.url.params.get_list("job_id")
            found = [j for i, j in self._jobs.items() if i in names or (not names and j["state"] == state)]
            return httpx2.Response(200, json={"items": found})
        self.asked.append(request)
        answer = self._streams.pop(0)
        if isinstance(answer, httpx2.Response):
            return answer
        return httpx2.Response(200, text="retry: 1\n\n" + answer, headers={"Content-Type": "text/event-stream"})


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """No real waiting."""
    monkeypatch.setattr(event_source, "LONGEST_PAUSE_S", 0.001)
    monkeypatch.setattr(watching, "UNKNOWN_S", 0.03)
    monkeypatch.setattr(watching, "LOOK_S", 0.01)


async def watched(script: Script, *names: str) -> tuple[list[dict[str, Any]], list[str]]:
    """What came of watching, and the lines that were shown."""
    lines: list[str] = []
    async with Client(Access("http://a", "k"), transport=httpx2.MockTransport(script)) as api:
        found = await watching.watch(api, list(names) or None, lambda j: lines.append(watching.line(j)))
    return found, lines


async def test_jobs_are_followed_over_broken_connections() -> None:
    """A stream that breaks off, in the middle of an event too, goes on after the last id that was taken in."""
    script = Script(
        event("snapshot", {"jobs": [job("a")]}, "1") + event("job", job("a", attempts=1), "2"),
        event("job", job("a", attempts=2), "3") + "event: end\nda",
        event("reconnect", {"reason": "shutting_down"}),
        event("end", job("a", "succeeded", chunks=5), "4"),
    )
    found, lines = await watched(script, "a")
    assert [j["state"] for j in found] == ["succeeded"]
    assert [r.headers.get("Last-Event-ID") for r in script.asked] == [None, "2", "3", "3"]
    assert lines == ["a  running  embedding"] * 3 + ["a  succeeded  5 chunks"]


async def test_an_instance_that_is_full_or_away_is_asked_again() -> None:
    """429 and 503 are waited out; what coming back does not cure is told."""
    script = Script(
        httpx2.Response(429, headers={"Retry-After": "1"}),
        httpx2.Response(503, headers={"Retry-After": "1"}),
        event("snapshot", {"jobs": [job("a", "failed", error={"code": "unexpected", "reason": "x"})]}, "1"),
    )
    found, lines = await watched(script, "a")
    assert lines == ["a  failed  unexpected: x"]
    assert not watching.succeeded(found)
    with pytest.raises(ApiError, match="not allowed"):
        await watched(Script(httpx2.Response(403, json={"code": "forbidden", "detail": "not allowed"})), "a")


@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize("asked", [None, "1", "0.5", "Wed, 21 Oct 2026 07:28:00 GMT", "soon"])
async def test_whatever_a_proxy_says_of_when_the_api_is_asked_again(status: int, asked: str | None) -> None:
    """With seconds, a date, nonsense or nothing: the stream is opened once more, from where it was."""
    headers = {} if asked is None else {"Retry-After": asked}
    script = Script(
        event("snapshot", {"jobs": [job("a")]}, "1"),
        httpx2.Response(status, headers=headers, text="<html>"),
        event("end", job("a", "succeeded"), "2"),
    )
    found, _ = await watched(script, "a")
    assert [j["state"] for j in found] == ["succeeded"]
    assert [r.headers.get("Last-Event-ID") for r in script.asked] == [None, "1", "1"]


async def test_what_an_instance_asks_for_is_waited(monkeypatch: pytest.MonkeyPatch) -> None:
    """A random part of it, up to the longest pause; after a moment that has passed the usual time."""
    paused: list[float] = []

    async def sleep(seconds: float) -> None:
        paused.append(seconds)

    monkeypatch.setattr(event_source, "LONGEST_PAUSE_S", 10.0)
    monkeypatch.setattr(event_source.asyncio, "sleep", sleep)  # type: ignore[attr-defined]
    for asked in ("6", "Wed, 21 Oct 2015 07:28:00 GMT", "3600"):
        full = httpx2.Response(503, headers={"Retry-After": asked})
        script = Script(full, event("snapshot", {"jobs": [job("a", "succeeded")]}, "1"))
        async with Client(Access("http://a", "k"), transport=httpx2.MockTransport(script)) as api:
            told = event_source.EventSource(api, "/v1/jobs/events", {}).events()
            assert (await anext(told)).name == "snapshot"
            await told.aclose()
    six, passed, hour = paused
    assert 3 <= six <= 6
    assert 1 <= passed <= 2
    assert 5 <= hour <= 10


async def test_a_job_that_is_not_known_is_waited_for_a_moment_only() -> None:
    """One submitted just now shows up; one that never was is named."""
    late = Script(event("snapshot", {"jobs": []}, "1"), jobs=[job("a", "succeeded")])
    assert (await watched(late, "a"))[0][0]["state"] == "succeeded"
    with pytest.raises(ApiError, match="there is no job a"):
        await watched(Script(event("snapshot", {"jobs": []}, "1")), "a")


async def test_all_open_jobs_are_followed_until_none_is_left() -> None:
    """Those that come meanwhile count, those that ended unseen are looked up, nothing open ends at once."""
    script = Script(
        event("snapshot", {"jobs": [job("a"), job("b")]}, "1") + event("job", job("c"), "2"),
        event("reset", {"code": "resume_too_old"})
        + event("snapshot", {"jobs": [job("c")]}, "3")
        + event("end", job("c", "succeeded"), "4"),
        jobs=[job("a", "succeeded"), job("b", "failed")],
    )
    found, _ = await watched(script)
    assert {j["job_id"]: j["state"] for j in found} == {"a": "succeeded", "b": "failed", "c": "succeeded"}
    assert watching.tally(found) == "3 jobs: 1 failed, 2 succeeded"
    found, _ = await watched(Script(event("snapshot", {"jobs": []}, "1")))
    assert (found, watching.tally(found), watching.succeeded(found)) == ([], "no open jobs", True)


async def test_more_than_a_stream_is_asked_for_take_several() -> None:
    """Each stream names a hundred jobs at most."""
    names = [f"{n:03}" for n in range(150)]
    ended = [job(name, "succeeded") for name in names]
    script = Script(*[event("snapshot", {"jobs": ended}, "1")] * 2)
    found, _ = await watched(script, *names)
    assert sorted(len(r.url.params.get_list("job_id")) for r in script.asked) == [50, 100]
    assert len(found) == 150


async def test_a_place_in_the_queue_is_a_line() -> None:
    """What changes of a waiting job is its place."""
    script = Script(
        event("snapshot", {"jobs": [job("a", "queued", step="deciding", queue_position=7)]}, "1")
        + event("queue", {"queued": 9, "positions": {"a": 2}})
        + event("end", job("a", "succeeded"), "2")
    )
    _, lines = await watched(script, "a")
    assert lines[:2] == ["a  queued  place 7 in the queue", "a  queued  place 2 in the queue"]


def test_elsewhere_each_change_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Piped, there is nothing but lines."""
    with view(as_json=False, console=Console(file=io.StringIO())) as show:
        show(job("a", progress={"done": 3, "total": 5, "unit": "chunks"}))
        show(job("a", "succeeded"))
    assert capsys.readouterr().out.splitlines() == ["a  running  embedding 3/5 chunks", "a  succeeded"]


def test_in_a_terminal_open_jobs_stand_in_a_table() -> None:
    """What has ended is printed above and leaves the table."""
    out = Console(file=io.StringIO(), force_terminal=True, width=100)
    table = LiveTable(out)
    table.learn(job("a", progress={"done": 3, "total": 5, "unit": "chunks"}))
    table.learn(job("b", "queued", queue_position=4))
    out.print(table.shown())
    table.learn(job("a", "succeeded"))
    out.print(table.shown())
    text = out.file.getvalue()  # type: ignore[attr-defined]
    first, _, second = text.partition("a  succeeded")
    assert "3/5 chunks" in first
    assert "place 4 in the queue" in first
    assert "2 open, 0 ended" in first
    assert "chunks" not in second
    assert "1 open, 1 ended" in second
    with view(as_json=False, console=out) as show:
        show(job("c", "succeeded"))
    assert "c  succeeded" in out.file.getvalue()  # type: ignore[attr-defined]


def test_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Every change is the job itself, on a line of its own."""
    with view(as_json=True) as show:
        show(job("a"))
    assert json.loads(capsys.readouterr().out) == job("a")
