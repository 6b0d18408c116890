"""Large documents go through in bounded memory, with progress to be seen, and hold up nobody.

The text has 10 MB here, so that the tests end soon; `MUNIMENT_TEST_LARGE_MB=50` makes it the full size.
"""

import os
import random
import threading
import time
from collections import defaultdict
from contextlib import suppress
from typing import Any

import fpdf
import psutil
import pytest
from support.stack import Api, Stack, until

LARGE_MB = int(os.environ.get("MUNIMENT_TEST_LARGE_MB", "10"))
PAGES = 1000
MIB = 1024 * 1024
GROWTH_MAX = {"workers": 150, "projections": 150, "api": 100, "child": 250}
"""MiB that a process may grow by, whatever the size of the document; a child holds a tokenizer from the start."""

pytestmark = pytest.mark.timeout(120 + 60 * LARGE_MB)


class Memory(threading.Thread):
    """The resident memory of each process of ours, sampled, MiB: at rest before it starts, and the highest since."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(daemon=True)
        self._pids = stack.pids()
        self._stop_asked = threading.Event()
        self._at_rest = until("the processes are at rest", self._settled, 120, 1.0)
        self.peak: dict[tuple[str, int], float] = defaultdict(float)

    def run(self) -> None:
        """Sample until asked to end."""
        while not self._stop_asked.wait(0.2):
            for key, now in self._now().items():
                self.peak[key] = max(self.peak[key], now)

    def grown(self) -> dict[str, float]:
        """How much the most grown process of each kind has grown."""
        self._stop_asked.set()
        self.join(10)
        found: dict[str, float] = defaultdict(float)
        for (name, pid), peak in self.peak.items():
            found[name] = max(found[name], peak - self._first(name, pid))
        return dict(found)

    def _first(self, name: str, pid: int) -> float:
        # A child that came later, or was still loading its tables, is to hold what the others held at rest.
        loaded = max(now for (one, _), now in self._at_rest.items() if one == name)
        return loaded if name == "child" else self._at_rest.get((name, pid), loaded)

    def _now(self) -> dict[tuple[str, int], float]:
        found = {}
        for part in ("workers", "projections", "api"):
            with suppress(psutil.NoSuchProcess):
                top = psutil.Process(self._pids[part])
                for name, process in ((part, top), *(("child", child) for child in top.children(recursive=True))):
                    with suppress(psutil.NoSuchProcess):
                        found[name, process.pid] = process.memory_info().rss / MIB
        return found

    def _settled(self) -> dict[tuple[str, int], float] | None:
        before = self._now()
        time.sleep(1)
        now = self._now()
        same = now.keys() == before.keys() and all(abs(now[key] - before[key]) < 1 for key in now)
        return now if same and any(name == "child" for name, _ in now) else None


def manual() -> bytes:
    """A PDF of a thousand pages."""
    document = fpdf.FPDF()
    document.set_font("Helvetica", size=11)
    for number in range(1, PAGES + 1):
        document.add_page()
        document.cell(text=f"On page {number} of the manual stands pagemark{number}.")
        for line in range(8):
            document.ln(8)
            document.cell(text=f"Line {line} has ordinary words in an ordinary order, as pages of manuals do.")
    return bytes(document.output())


def prose(megabytes: int) -> bytes:
    """Plain text of that size, the same every time, with one telling word near its end."""
    words = [
        *("people", "of", "the", "and", "a", "to", "water", "small", "house", "morning", "letter", "river", "walked"),
        *("into", "through", "market", "because", "evening", "never", "second", "children", "important", "winter"),
    ]
    draw, parts, size = random.Random(3), [], 0
    while size < megabytes * MIB:
        parts.append(" ".join(draw.choices(words, k=120)) + ".\n\n")
        size += len(parts[-1])
    parts.insert(-3, "And at last the amazoniteauk came by.\n\n")
    return "".join(parts).encode()


def watched(api: Api, done: dict[str, Any], timeout_s: float) -> list[dict[str, Any]]:
    """Each different answer on a job until it has ended."""
    seen: list[dict[str, Any]] = []

    def look() -> bool:
        job = api.job(done["job_id"])
        if job and (not seen or seen[-1] != job):
            seen.append(job)
        return bool(job and job["ended"])

    until("the job ends", look, timeout_s, 0.1)
    return seen


def progress_in(seen: list[dict[str, Any]], step: str) -> list[tuple[int, int]]:
    """Done and total of a step, as they were shown; holds that they only grow."""
    found = [(j["progress"]["done"], j["progress"]["total"]) for j in seen if j["step"] == step and j["progress"]]
    assert found == sorted(found), f"progress of {step} went back: {found}"
    assert all(done <= total for done, total in found), found
    return found


def test_a_thousand_pages_go_through(stack: Stack, api: Api) -> None:
    """Every page is found at its number; memory stays bounded; the job counts."""
    api.indexed("Warm.", "warm.txt")
    data, memory = manual(), Memory(stack)
    memory.start()
    # So that the work is long enough to be seen at, however seldom a busy machine lets anybody look.
    stack.endpoint.misbehave({"kind": "hang", "seconds": 1, "times": 12})
    seen = watched(api, api.submit(data, "manual.pdf"), 300)
    assert seen[-1]["outcome"] == "indexed", seen[-1]
    assert progress_in(seen, "embedding") or progress_in(seen, "extracting"), "no progress was shown"
    document_id = seen[-1]["document_id"]
    until("search sees it", lambda: api.search("pagemark1", mode="text", document_ids=[document_id]), 120)
    for page in (1, 2, 499, 777, PAGES):
        hits = api.search(f"pagemark{page}", mode="text", k=3)
        assert [hit["page"] for hit in hits] == [page]
    assert api.get(f"/v1/documents/{document_id}")["pages"] == PAGES
    grown = memory.grown()
    assert all(grown.get(name, 0) <= most for name, most in GROWTH_MAX.items()), grown


def test_a_large_text_goes_through(stack: Stack, api: Api) -> None:
    """It is found to its last words, offsets right; memory stays bounded; small ones pass meanwhile."""
    api.indexed("Warm.", "warm.txt")
    data, memory = prose(LARGE_MB), Memory(stack)
    memory.start()
    began = time.monotonic()
    done = api.submit(data, "large.txt")
    small = api.submit("A small aquamarinecod passes by.", "small.txt")
    assert api.ended(small)["outcome"] == "indexed"
    assert not (api.job(done["job_id"]) or {}).get("ended"), "it came after the large one"
    small_s = time.monotonic() - began
    seen = watched(api, done, 60 + 30 * LARGE_MB)
    ended_s = time.monotonic() - began
    assert seen[-1]["outcome"] == "indexed", seen[-1]
    assert len(progress_in(seen, "embedding")) >= 3, "the job has to show how far it is"

    def found() -> list[dict[str, Any]]:
        return api.search("amazoniteauk", mode="text", document_ids=[done["document_id"]])

    hits = until("search sees it", found, 60 + 30 * LARGE_MB, 0.5)
    searchable_s = time.monotonic() - began
    text = data.decode()
    assert all(text[hit["start"] : hit["end"]] == hit["text"] for hit in hits)
    grown = memory.grown()
    assert all(grown.get(name, 0) <= most for name, most in GROWTH_MAX.items()), grown
    sizes = {f"{name} {pid}": round(peak) for (name, pid), peak in memory.peak.items()}
    line = f"{LARGE_MB} MB: {seen[-1]['chunks']} chunks, small one {small_s:.1f} s, ended {ended_s:.1f} s, "
    os.write(1, f"{line}searchable {searchable_s:.1f} s, grown {grown}, peaks {sizes}\n".encode())
