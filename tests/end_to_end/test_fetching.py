"""Documents taken in by their address, from a web server on this machine that the stack is allowed to see."""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from support.files import files_below, holds
from support.stack import Api, Stack, until

NO_WAIT_S = 20.0
"""On a busy machine; a third of what a slow server is waited for, by whoever stands behind one of its fetches."""
PAGES = {
    "/leave.md": b"# Leave\n\nThe fetchfalcon has thirty days of leave.",
    "/second.md": b"# Leave\n\nThe fetchfalcon has forty days of leave.",
}


class _Page(BaseHTTPRequestHandler):
    """The pages; others that moved to the inside, are missing, are slow, fail twice, fail always."""

    failures = 0
    kept = 0
    let_go = threading.Event()

    def do_GET(self) -> None:
        if self.path in PAGES:
            self._say(200, PAGES[self.path])
        elif self.path == "/inside":
            self._say(302, b"", Location="http://127.0.0.2/")
        elif self.path == "/moody" and type(self).failures < 2:
            type(self).failures += 1
            self._say(503, b"", Retry_After="1")
        elif self.path == "/moody":
            self._say(200, b"The fetchfalcon came back.")
        elif self.path.startswith("/keeping/"):
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(b"kept")
                type(self).kept += 1
                while not type(self).let_go.wait(1):
                    self.wfile.write(b" waiting")
        elif self.path == "/broken":
            self._say(503, b"", Retry_After="1")
        elif self.path == "/slow":
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            with suppress(OSError):  # until the other side hangs up
                for _ in range(600):
                    self.wfile.write(b"slow ")
                    time.sleep(0.1)
        else:
            self._say(404, b"")

    def _say(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    """On a port that is held for it (`held_port`)."""

    allow_reuse_port = True


@pytest.fixture
def web(stack: Stack) -> Iterator[str]:
    """The address of the server."""
    _Page.failures = 0
    server = _Server(("127.0.0.1", int(stack.settings["MUNIMENT_FETCH_PORTS"])), _Page)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def submitted(api: Api, url: str, **more: object) -> dict[str, str]:
    """What was acknowledged."""
    answer = api.ask("POST", "/v1/documents", json={"url": url, **more})
    assert answer.status_code == 202, answer.text
    done: dict[str, str] = answer.json()
    return done


def test_what_lies_at_an_address_is_found(api: Api, web: str) -> None:
    """Under its name, by the job of the address; another address may be its next version, the same one is unchanged."""
    done = submitted(api, f"{web}/leave.md", metadata={"from": "web"})
    job = api.ended(done)
    assert job["outcome"] == "indexed", job
    document = api.get(f"/v1/documents/{done['document_id']}")
    assert (document["file_name"], document["media_type"]) == ("leave.md", "text/markdown")
    assert document["metadata"] == {"from": "web"}
    assert "thirty" in api.search("fetchfalcon", mode="text")[0]["text"]
    again = submitted(api, f"{web}/leave.md", document_id=done["document_id"], metadata={"from": "web"})
    assert api.ended(again)["outcome"] == "unchanged"
    second = submitted(api, f"{web}/second.md", document_id=done["document_id"])
    assert api.ended(second)["outcome"] == "indexed"
    (hit,) = api.search("fetchfalcon", mode="text")
    assert (hit["version"], "forty" in hit["text"]) == (2, True)


@pytest.mark.parametrize(
    ("path", "code"),
    [("/missing", "url_refused"), ("/inside", "url_forbidden")],
)
def test_what_will_never_be_had_is_told_at_once(stack: Stack, api: Api, web: str, path: str, code: str) -> None:
    """The job is rejected with the reason; nothing is stored, and nothing is a dead letter."""
    done = submitted(api, web + path)
    job = api.ended(done)
    assert (job["state"], job["step"], job["error"]["code"]) == ("rejected", "fetching", code), job
    assert not (stack.home / "blobs" / api.tenant).exists()
    assert api.get("/v1/dead-letters")["items"] == []


def test_the_inside_is_not_fetched_from(api: Api, web: str) -> None:
    """Not by name, not by number, whatever the port."""
    for url in ("http://127.0.0.3/", "http://169.254.169.254/latest/meta-data/", "http://[::1]/", "http://2130706434/"):
        job = api.ended(submitted(api, url))
        assert job["error"]["code"] in {"url_forbidden", "fetch_failed"}, (url, job)
        assert job["state"] == "rejected", (url, job)


def test_a_server_that_comes_back_is_waited_for(api: Api, web: str) -> None:
    """It fails twice: the third time it is fetched."""
    done = submitted(api, f"{web}/moody")
    assert api.ended(done)["outcome"] == "indexed"
    assert _Page.failures == 2


def test_the_letter_of_an_address_is_edited_and_redriven(stack: Stack, web: str) -> None:
    """What cannot be had there is had from elsewhere by a patch; the letter itself stays as it was."""
    own = stack.api("default")
    done = submitted(own, f"{web}/broken")
    assert own.ended(done)["state"] == "failed"

    def listed() -> list[dict[str, Any]]:
        return [one for one in own.get("/v1/dead-letters", limit=200)["items"] if one["job_id"] == done["job_id"]]

    [letter] = until("the dead letter is listed", listed, 60)
    name = letter["dead_letter_id"]

    def shown() -> Any:
        return json.loads(stack.run("dlq", "show", name, "--record", "--json").stdout)

    before = shown()["record"]["data"]
    words = ("--reason", "it moved", "--set", f"/url={web}/leave.md", "--json")
    assert json.loads(stack.run("dlq", "edit", name, *words).stdout)["redrive_id"]

    def indexed() -> bool:
        return (own.job(done["job_id"]) or {}).get("outcome") == "indexed"

    until("the redriven job succeeds", indexed, 60)
    assert own.get(f"/v1/documents/{done['document_id']}")["file_name"] == "leave.md"

    def redriven() -> Any:
        found = shown()
        return found if found["status"] == "redriven" else None

    after = until("the letter is redriven", redriven, 60)
    assert (after["edits"], after["record"]["data"]) == (1, before)


def test_a_fetch_is_cancelled_in_the_middle(stack: Stack, api: Api, web: str) -> None:
    """The job shows that it is fetching; cancelled it ends at once, and nothing is kept."""
    done = submitted(api, f"{web}/slow")

    def fetching() -> bool:
        job = api.job(done["job_id"])
        return bool(job and job["step"] == "fetching" and job["progress"] and job["progress"]["done"] > 0)

    until("it is being fetched", fetching)
    answer = api.ask("POST", f"/v1/jobs/{done['job_id']}/cancel")
    assert answer.status_code == 202, answer.text

    def cancelled() -> bool:
        job = api.job(done["job_id"])
        return bool(job and job["state"] == "cancelled")

    until("the job is cancelled", cancelled, every_s=0.05)
    assert api.ended(answer.json())["outcome"] == "cancelled"
    stored = stack.home / "blobs"
    until("the half is gone", lambda: not [path for path in files_below(stored) if holds(path, b"slow slow ")])
    assert api.ask("GET", f"/v1/documents/{done['document_id']}").status_code == 404


def test_one_tenant_holds_up_no_other(stack: Stack, api: Api, web: str) -> None:
    """Behind three hundred addresses of another tenant, whose server keeps them all waiting, one is fetched at once."""
    _Page.let_go.clear()
    done: list[dict[str, str]] = []
    other = stack.api()
    try:
        with ThreadPoolExecutor(8) as callers:
            done = list(callers.map(lambda n: submitted(api, f"{web}/keeping/{n}"), range(300)))
        until("some of them keep their turns", lambda: _Page.kept >= 4)
        began = time.monotonic()
        assert other.ended(submitted(other, f"{web}/leave.md"))["outcome"] == "indexed"
        took_s = time.monotonic() - began
    finally:
        with ThreadPoolExecutor(8) as callers:
            list(callers.map(lambda one: api.ask("POST", f"/v1/jobs/{one['job_id']}/cancel"), done))
        _Page.let_go.set()
    assert took_s < NO_WAIT_S


def test_the_command_line_takes_an_address(stack: Stack, api: Api, web: str) -> None:
    """Beside a file; it waits for both."""
    note = stack.home / "note.txt"
    note.write_text("A note beside it.")
    stack.settings |= {"MUNIMENT_API_KEY": api.key}
    try:
        done = stack.run("ingest", f"{web}/leave.md", str(note), "--json")
    finally:
        del stack.settings["MUNIMENT_API_KEY"]
    assert json.loads(done.stdout)["indexed"] == 2
    (found,) = until("the list shows it", lambda: api.get("/v1/documents", q="leave.md")["items"])
    assert found["metadata"]["url"] == f"{web}/leave.md"
