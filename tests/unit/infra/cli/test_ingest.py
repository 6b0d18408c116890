"""An ingest against a small API in memory."""

import asyncio
import json
import re
from io import StringIO

import httpx2
import pytest
from rich.console import Console

from muniment.infra.cli import ingesting
from muniment.infra.cli.client import Access, ApiError, Client
from muniment.infra.cli.ingest_summary import show_summary
from muniment.infra.cli.ingesting import Ingest
from muniment.infra.cli.tally import Tally
from muniment.infra.cli.walk import Wanted, WantedUrl, is_url


class FakeApi:
    """Accepts files; a job ends at its second look, as its file's name says."""

    def __init__(self):
        self.jobs: dict[str, list] = {}
        self.asked: list[int] = []
        self.links: list[dict] = []
        self.away = 0

    def __call__(self, request):
        if self.away:
            self.away -= 1
            return httpx2.Response(503, json={"code": "log_unavailable", "detail": "away", "what_to_do": "wait"})
        if request.method == "POST" and request.headers["content-type"] == "application/json":
            return self.fetch(json.loads(request.read()))
        if request.method == "POST":
            return self.submit(request.read().decode("utf-8", "replace"))
        ids = request.url.params.get_list("job_id")
        self.asked.append(len(ids))
        return httpx2.Response(200, json={"items": [self.look(i) for i in ids], "next_cursor": None})

    def submit(self, body):
        name = re.search('name="file"; filename="([^"]*)"', body)[1]
        if name.startswith("large"):
            return httpx2.Response(413, json={"code": "too_large", "detail": "too large", "what_to_do": "split"})
        job_id = f"job-{len(self.jobs)}"
        self.jobs[job_id] = [name.split(".")[0], 0]
        return httpx2.Response(202, json={"job_id": job_id})

    def fetch(self, body):
        self.links.append(body)
        job_id = f"job-{len(self.jobs)}"
        self.jobs[job_id] = ["link", 0]
        return httpx2.Response(202, json={"job_id": job_id})

    def look(self, job_id):
        kind, looks = self.jobs[job_id]
        self.jobs[job_id][1] += 1
        ended = looks > 0 and kind != "stuck"
        outcome = {"bad": "refused", "broken": "failed", "same": "unchanged"}.get(kind, "indexed")
        error = {"code": "no_text", "reason": "no text in it"} if outcome in {"refused", "failed"} else None
        return {
            "job_id": job_id,
            "state": outcome if ended else "running",
            "outcome": outcome if ended else None,
            "ended": ended,
            "chunks": 2,
            "attempts": 1 if kind == "broken" else 0,
            "error": error if ended else None,
        }


@pytest.fixture
def api(monkeypatch):
    monkeypatch.setattr(ingesting, "POLL_S", 0.001)
    monkeypatch.setattr("muniment.infra.cli.client._pause_s", lambda _: 0)
    return FakeApi()


async def run(api, tmp_path, names, patience=5.0):
    """The tally of an ingest of files with these names."""
    files = []
    for name in names:
        path = tmp_path / name
        path.write_text("text")
        files.append(Wanted(path, 4))
    tally = Tally(found=len(files))
    async with Client(Access("http://api", "mun_x"), transport=httpx2.MockTransport(api)) as client:
        work = Ingest(client, tally, "acme", "bulk", {})
        submitting = asyncio.create_task(work.submit_all(files, 4))
        await work.watch(submitting, patience, lambda: None)
        await submitting
    return tally


async def test_every_file_ends_in_the_tally(api, tmp_path):
    """What was found is indexed, unchanged, refused or failed, each with its reason, and so does the exit code."""
    tally = await run(api, tmp_path, ["a.txt", "same.txt", "bad.txt", "large.txt", "broken.txt"])
    told = tally.as_dict(1.0)
    assert (told["indexed"], told["unchanged"], told["refused"], told["failed"]) == (1, 1, 2, 1)
    assert told["refused_by_reason"] == {"no_text": 1, "too_large": 1}
    assert (told["chunks"], told["retries"], told["dead_letters"]) == (8, 1, 1)
    assert tally.ended == tally.found == 5
    assert {p["outcome"] for p in told["problems"]} == {"refused", "failed"}
    assert tally.exit_code() == 1
    json.dumps(told)


@pytest.mark.parametrize(("names", "code"), [(["a.txt"], 0), (["same.txt"], 0), (["a.txt", "bad.txt"], 3), ([], 0)])
async def test_the_exit_code_says_how_it_went(api, tmp_path, names, code):
    """0 all well, 3 something was refused."""
    assert (await run(api, tmp_path, names)).exit_code() == code


async def test_many_jobs_are_polled_a_hundred_at_a_time(api, tmp_path):
    """A poll costs two requests at most, however many jobs are open, and all of them are seen to their end."""
    tally = await run(api, tmp_path, [f"f{i}.txt" for i in range(350)])
    assert tally.outcomes["indexed"] == 350
    assert max(api.asked) <= ingesting.POLLED


async def test_a_job_that_never_moves_is_given_up(api, tmp_path):
    """Patience ends the wait, and the exit code is that of a loss."""
    tally = await run(api, tmp_path, ["a.txt", "stuck.txt"], patience=0.05)
    assert (tally.unfinished, tally.exit_code()) == (1, 1)


async def test_a_part_that_was_away_is_asked_again(api, tmp_path):
    """503 is repeated; nothing is lost by it."""
    api.away = 3
    assert (await run(api, tmp_path, ["a.txt"])).outcomes["indexed"] == 1


async def test_what_the_api_says_reaches_the_person(api):
    """An error carries its code, its detail and what to do."""
    api.away = 100
    async with Client(Access("http://api", "k"), transport=httpx2.MockTransport(api)) as client:
        with pytest.raises(ApiError, match=r"away \(log_unavailable\)") as caught:
            await client.get("/v1/jobs")
    assert caught.value.remedy == "wait"


async def test_the_summary_reads_well(api, tmp_path):
    """Outcomes with counts and reasons, then what did not go well, then one line."""
    tally = await run(api, tmp_path, ["a.txt", "bad.txt"])
    tally.skip("/x/.git", "hidden")
    console = Console(width=100, record=True, file=StringIO())
    show_summary(console, tally, 61.0, waited=True)
    text = console.export_text()
    for line in ("indexed", "refused", "no_text", "skipped", "hidden", "2 documents in 1 min 1 s"):
        assert line in text


async def test_an_address_is_submitted_to_be_fetched(api):
    """Under a document id of its own: the same address again is its next version."""
    url = "https://example.org/leave.pdf"
    tally = Tally(found=2)
    async with Client(Access("http://api", "mun_x"), transport=httpx2.MockTransport(api)) as client:
        work = Ingest(client, tally, "acme", "normal", {"a": "b"})
        submitting = asyncio.create_task(work.submit_all([WantedUrl(url), WantedUrl(url)], 1))
        await work.watch(submitting, 5, lambda: None)
        await submitting
    first, again = api.links
    assert first == again
    assert (first["url"], first["metadata"], first["lane"]) == (url, {"a": "b", "url": url}, "normal")
    assert tally.outcomes["indexed"] == 2


def test_what_is_an_address_is_seen_by_its_beginning():
    """A file may be called so, too: then its path begins with a dot."""
    assert is_url("https://example.org/")
    assert is_url("HTTP://example.org/")
    assert not is_url("./http://example.org/")
    assert not is_url("docs/https.md")
