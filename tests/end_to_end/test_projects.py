"""Projects on a whole stack: made, filled, searched, watched, and through the death of the workers that decide."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from uuid import uuid4

import httpx2
from support.listening import Event, events_of
from support.plain import PLAIN
from support.stack import Api, Stack, until


def begun(api: Api, title: str = "The tides") -> str:
    """A new project."""
    answer = api.ask("POST", "/v1/projects", json={"title": title})
    assert answer.status_code == 201, answer.text
    project: str = answer.json()["project_id"]
    return project


class Watcher:
    """Somebody who follows a project over HTTP until told to stop."""

    def __init__(self, api: Api, project: str) -> None:
        self.text = ""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, args=(api, f"/v1/projects/{project}/events"), daemon=True)
        self._thread.start()

    def _read(self, api: Api, path: str) -> None:
        # A later test may end the instance before there was anything more to read.
        with (
            suppress(httpx2.TransportError),
            httpx2.Client(
                base_url=api.http.base_url, headers=api.http.headers, timeout=60, trust_env=False, verify=PLAIN
            ) as http,
            http.stream("GET", path) as answer,
        ):
            for piece in answer.iter_text():
                self.text += piece
                if self._stop.is_set():
                    return

    @property
    def events(self) -> list[Event]:
        """What was told so far."""
        return events_of(self.text)

    def end(self) -> None:
        """Read no more."""
        self._stop.set()


def test_a_project_is_filled_searched_and_watched(api: Api) -> None:
    """A document that is submitted into it is found there and told of, also as of then once the project is gone."""
    project = begun(api)
    elsewhere = api.indexed("The moon is far away.", "far.md")
    watcher = Watcher(api, project)
    until("the stream has begun", lambda: any(e.name == "snapshot" for e in watcher.events))
    done = api.submit("The moon pulls the sea.", "moon.md", project_id=project)
    assert api.ended(done)["outcome"] == "indexed"
    # The token of the upload waits for the project's own decision on it, too.
    listed = api.get(f"/v1/projects/{project}/documents", done["position"])["items"]
    assert [one["document_id"] for one in listed] == [done["document_id"]]
    hits = until("search sees it", lambda: api.search("the moon", project_id=project))
    assert {hit["document_id"] for hit in hits} == {done["document_id"]}
    assert elsewhere["document_id"] in {hit["document_id"] for hit in api.search("the moon")}
    until(
        "its job's end is told",
        lambda: any(e.name == "end" and e.data["job_id"] == done["job_id"] for e in watcher.events),
    )

    def happened() -> list[str]:
        return [e.data["event"] for e in watcher.events if e.name == "happened"]

    # Jobs and projects are folded apart from each other: either may be told first.
    assert until("what happened is told", happened) == ["ProjectDocumentsChanged"]
    watcher.end()
    answer = api.ask("PATCH", f"/v1/projects/{project}", json={"title": "Tides"}, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    [then] = until(
        "its history has it",
        lambda: [
            one["position"]
            for one in api.get(f"/v1/projects/{project}/history")["items"]
            if one["event"] == "ProjectUpdated"
        ],
    )
    assert api.ask("DELETE", f"/v1/projects/{project}", params={"cascade": True}).status_code == 204
    assert api.get(f"/v1/projects/{project}", as_of=then)["title"] == "Tides"
    assert api.search("the moon", project_id=project, as_of=then) == hits


def test_what_was_asked_while_the_workers_die_is_decided_once(stack: Stack, api: Api) -> None:
    """Twenty episodes and a kill among them: each is there once, in one order, and a repeat gets the first answer."""
    project = begun(api)
    address = f"/v1/projects/{project}/episodes"
    killed = threading.Event()

    def create(number: int) -> Any:
        if number == 8:
            stack.kill("workers")
            killed.set()
        key = {"Idempotency-Key": f'"{uuid4()}"'}
        answers = [api.ask("POST", address, json={"title": f"{number}"}, headers=key) for _ in range(2)]
        assert {answer.status_code for answer in answers} <= {201, 202}, [answer.text for answer in answers]
        assert answers[0].json() == answers[1].json()
        return answers[0].json()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(create, range(20)))
    assert killed.is_set()
    until("all are decided", lambda: api.get(f"/v1/projects/{project}")["episodes"] == 20, 180)
    items = api.get(address, limit=200)["items"]
    assert sorted(one["title"] for one in items) == sorted(map(str, range(20)))
    assert [one["place"] for one in items] == list(range(20))
    until("the outbox is empty", lambda: not stack.rows("select 1 from muniment_projects.outbox"))
