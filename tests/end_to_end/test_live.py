"""A job watched from outside, through the end of the instance that serves the stream."""

import threading
import time
from typing import Any

import httpx2
from support.listening import Event, events_of
from support.stack import Api, Stack, until

TEXT = "\n\n".join(
    f"Paragraph {n} of a long report about the leave that people take in the year {n}." for n in range(3000)
)


class Watcher:
    """Reads a stream as an EventSource does: goes on after the last id when the connection breaks, until it ends."""

    def __init__(self, api: Api, path: str) -> None:
        self._api = api
        self._path = path
        self.events: list[Event] = []
        self.connections = 0
        self.over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self.over.is_set():
            try:
                self._connection()
            except httpx2.TransportError:
                time.sleep(0.2)

    def _connection(self) -> None:
        last = next((e.event_id for e in reversed(self.events) if e.event_id), None)
        headers = {"Last-Event-ID": last} if last else {}
        with self._api.http.stream("GET", self._path, headers=headers) as answer:
            if answer.status_code == 204:
                self.over.set()
            if answer.status_code != 200:
                time.sleep(0.2)
                return
            self.connections += 1
            text = ""
            for piece in answer.iter_text():
                whole, end, text = (text + piece).rpartition("\n\n")
                self.events += events_of(whole + end)
                if self.events and self.events[-1].name == "end":
                    self.over.set()


def told(events: list[Event]) -> list[tuple[Any, ...]]:
    """What was told of the job, without ids."""
    return [event.told for event in events if event.name in {"job", "end"}]


def test_a_job_is_watched_through_a_kill_of_the_instance(stack: Stack, api: Api) -> None:
    """The API is killed while a stream is open: the next connection tells the rest, nothing twice, nothing left out."""
    # One call is answered, so that there is progress; the others hang until the kill has come for certain.
    stack.endpoint.misbehave({"kind": "hang", "seconds": 0.4}, {"kind": "hang", "seconds": 10, "times": 1000})
    done = api.submit(TEXT)
    path = f"/v1/jobs/{done['job_id']}/events"
    until("the job is known", lambda: api.job(done["job_id"]))
    watcher = Watcher(api, path)
    until("work has begun", lambda: any(e.data.get("step") == "embedding" for e in watcher.events if e.name == "job"))
    stack.kill("api")
    stack.endpoint.reset()
    assert watcher.over.wait(120), watcher.events[-3:]
    assert watcher.connections >= 2
    begun = watcher.events[0]
    assert begun.name == "snapshot"
    headers = {"Last-Event-ID": begun.event_id or ""}
    whole = events_of(until("the API is back", lambda: stream_text(api, path, headers), 60))
    assert told(watcher.events) == told(whole)
    assert watcher.events[-1].data["outcome"] == "indexed"
    assert api.search("leave that people take", document_ids=[done["document_id"]])


def stream_text(api: Api, path: str, headers: dict[str, str]) -> str:
    """A stream that ends, to its end."""
    try:
        answer = api.http.get(path, headers=headers)
    except httpx2.TransportError:
        return ""
    return answer.text if answer.status_code == 200 else ""


def test_the_command_line_watches_jobs_to_their_ends(stack: Stack, api: Api) -> None:
    """Lines when piped; the exit code says whether all succeeded."""
    good, bad = api.submit("A short note."), api.submit(b"%PDF-1.7 broken", "broken.pdf")
    settings = {"MUNIMENT_API_URL": str(api.http.base_url).rstrip("/"), "MUNIMENT_API_KEY": api.key}
    stack.settings |= settings
    try:
        done = stack.run("jobs", "watch", good["job_id"], bad["job_id"], check=False)
        fine = stack.run("jobs", "watch", good["job_id"])
        nothing = stack.run("jobs", "watch", "--all")
    finally:
        for name in settings:
            del stack.settings[name]
    assert done.returncode == 1, done.stderr
    assert f"{good['job_id']}  indexed" in done.stdout
    assert done.stdout.splitlines()[-1] == "2 jobs: 1 indexed, 1 refused"
    assert fine.stdout.splitlines()[-1] == "1 job: 1 indexed"
    assert nothing.stdout.splitlines() == ["no open jobs"]
