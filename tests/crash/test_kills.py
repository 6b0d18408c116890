"""`kill -9` of each kind of process once, while documents go through."""

import os
import random
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx2
import psutil
import pytest
from support.files import files_below
from support.log_reading import read_topics
from support.plain import PLAIN
from support.small_documents import COMMON, SmallDocument, small_documents
from support.stack import Api, Stack, until

from muniment.infra.stack import leftovers

pytestmark = pytest.mark.timeout(1800)

DOCUMENTS = 200
"""Nearly thirty about each kill."""
UPLOADS_AT_ONCE = 4
PACE_S = 0.2
"""Pause of an uploader before each document, so that kills find uploads under way and not only work."""
PATIENCE_S = 240.0
RECOVERY_S = 360.0
DRAIN_S = 480.0
KINDS = ("workers", "endpoint", "projections", "kafka", "api", "postgres", "supervisor")
RESULTS = ("muniment.documents", "muniment.chunks", "muniment.embeddings")


@dataclass
class Uploads:
    """What was acknowledged, and which uploads had to be repeated."""

    accepted: dict[str, dict[str, Any]] = field(default_factory=dict)
    repeated: set[str] = field(default_factory=set)

    def one(self, api: Api, document: SmallDocument) -> None:
        """Upload until it is acknowledged: at most `PATIENCE_S`."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                fields = {"document_id": document.id_in(api.tenant)}
                self.accepted[document.name] = api.submit(document.text, document.name, **fields)
            except (httpx2.TransportError, AssertionError) as error:
                # 503 and broken connections: nothing was acknowledged, so a caller sends it again.
                gone = isinstance(error, AssertionError) and " 503 " not in str(error)
                if gone or time.monotonic() > deadline:
                    raise
                self.repeated.add(document.name)
                time.sleep(0.3)
            else:
                return


class Reader(threading.Thread):
    """Searches all the while, and notes whatever no reader may see: a chunk twice, two versions of a document."""

    def __init__(self, api: Api) -> None:
        super().__init__(daemon=True)
        self._api = api
        self._stop_asked = threading.Event()
        self.answers = 0
        self.wrong: list[str] = []

    def run(self) -> None:
        """Search until asked to end."""
        while not self._stop_asked.wait(0.1):
            try:
                hits = self._api.search(COMMON, mode="text", k=100)
            except (httpx2.TransportError, AssertionError, RuntimeError):
                continue  # a part is away; what counts is what an answer says
            self.answers += 1
            places = Counter((h["document_id"], h["ordinal"]) for h in hits)
            versions = defaultdict(set)
            for hit in hits:
                versions[hit["document_id"]].add(hit["version"])
            self.wrong += [f"chunk {place} {n} times" for place, n in places.items() if n > 1]
            self.wrong += [f"{doc} in versions {vs}" for doc, vs in versions.items() if len(vs) > 1]

    def end(self) -> None:
        """Stop searching."""
        self._stop_asked.set()
        self.join(30)


def documents_of(stack: Stack, tenant: str) -> dict[str, dict[str, Any]]:
    """What a reader of documents sees, by file name, without ids and times."""
    query = """select file_name, status, title, media_type, active_version = latest_version as newest, size_bytes,
        characters, pages, metadata, findings, source, lane from read.documents where tenant = $1"""
    rows = stack.rows(query, tenant)
    assert len({row["file_name"] for row in rows}) == len(rows), "a document is there twice"
    return {row["file_name"]: dict(row) for row in rows}


def chunks_of(stack: Stack, tenant: str) -> dict[str, list[Any]]:
    """The chunk rows of the active versions, by file name, without ids."""
    live = next(row["live"] for row in stack.rows(LIVE))
    query = f"""select d.file_name, t.ordinal, t.text, t.heading, t.page, t.start_char, t.end_char, t.tokens,
            v.model, v.embedding::text as embedding
        from {live}.heads h
        join read.documents d using (tenant, document_id)
        join {live}.chunk_texts t using (tenant, document_id, version)
        left join {live}.chunk_vectors v using (tenant, document_id, version, ordinal)
        where tenant = $1 order by 1, 2"""
    found = defaultdict(list)
    for row in stack.rows(query, tenant):
        found[row["file_name"]].append(tuple(row)[1:])
    return dict(found)


LIVE = """select nspname as live from pg_namespace where nspname like 'chunks\\_v%' order by oid desc limit 1"""


def missing(stack: Stack, api: Api, documents: list[SmallDocument]) -> list[Any]:
    """What is known of the documents that search does not have."""
    there = chunks_of(stack, api.tenant)
    jobs = "select state, step, version, chunks from read.jobs where tenant = $1 and document_id = $2::text::uuid"
    heads = "select version, chunks from read.active_versions where tenant = $1 and document_id = $2::text::uuid"
    found = []
    for document in [one for one in documents if one.name not in there][:5]:
        wanted = (api.tenant, document.id_in(api.tenant))
        rows = [[tuple(row) for row in stack.rows(query, *wanted)] for query in (jobs, heads)]
        found.append((document.name, *rows))
    return [len(there), *found]


def say(line: str) -> None:
    """Onto the captured output, which pytest shows when the test fails."""
    sys.stdout.write(f"{line}\n")


def upload_all(api: Api, documents: list[SmallDocument], uploads: Uploads, *, pace_s: float = PACE_S) -> None:
    """Some at once, each until it is acknowledged."""

    def one(document: SmallDocument) -> None:
        time.sleep(pace_s)
        uploads.one(api, document)

    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
        list(pool.map(one, documents))


def all_ended(stack: Stack, api: Api) -> None:
    """Wait until no job of the tenant is under way."""
    open_jobs = 'select job_id, state, step, "end" from read.jobs where tenant = $1 and "end" is null'

    def look() -> bool:
        nonlocal left
        left = [tuple(row) for row in stack.rows(open_jobs, api.tenant)]
        return not left

    left: list[Any] = []
    try:
        until("all jobs end", look, DRAIN_S, 0.5)
    except AssertionError as error:
        raise AssertionError(f"{error}: stuck are {left[:10]}") from None


def killer(stack: Stack, kind: str) -> Callable[[], None]:
    """How one kind of process is killed, and what has to happen then (the supervisor restarts the rest)."""

    def endpoint() -> None:
        stack.endpoint.kill()
        time.sleep(2)
        stack.endpoint.start()

    def supervisor() -> None:
        stack.kill("supervisor")
        time.sleep(0.5)
        stack.up()

    def part() -> None:
        stack.kill(kind)

    return {"endpoint": endpoint, "supervisor": supervisor}.get(kind, part)


def well(stack: Stack) -> bool:
    """Whether every part has a process and the API finds everything it needs."""
    try:
        running = set(stack.pids()) >= {"kafka", "postgres", "workers", "projections", "api"}
        url = f"{stack.record().addresses['api']}/health/detailed"
        answer = httpx2.get(url, timeout=10, trust_env=False, verify=PLAIN)
        return running and answer.json().get("status") == "ok"
    except (httpx2.TransportError, ConnectionError, ValueError, AssertionError):
        return False


def test_every_acknowledged_document_is_there_once_whatever_is_killed(stack: Stack) -> None:
    """200 documents, one kill of each kind of process: readers end up seeing what an undisturbed run shows."""
    seed = int(os.environ.get("MUNIMENT_TEST_SEED") or random.SystemRandom().randrange(10**6))
    say(f"seed {seed}: MUNIMENT_TEST_SEED={seed} repeats these kills")
    draw = random.Random(seed)
    documents = small_documents(DOCUMENTS)
    calm, chaotic = stack.api(), stack.api()
    upload_all(calm, documents, Uploads(), pace_s=0)
    all_ended(stack, calm)

    uploads, reader = Uploads(), Reader(stack.api(chaotic.tenant))
    reader.start()
    share = -(-DOCUMENTS // len(KINDS))
    for place, kind in enumerate(KINDS):
        mine = documents[place * share : (place + 1) * share]
        before, pause = draw.randrange(1, len(mine) // 2), draw.uniform(0, 0.8)
        upload_all(chaotic, mine[:before], uploads)
        rest = threading.Thread(target=upload_all, args=(chaotic, mine[before:], uploads), daemon=True)
        rest.start()
        time.sleep(pause)
        killer(stack, kind)()
        killed = time.monotonic()
        rest.join(PATIENCE_S + 10)
        assert not rest.is_alive(), f"uploads hang after the kill of {kind}"
        until(f"the stack is well again after the kill of {kind}", lambda: well(stack), RECOVERY_S, 0.5)
        now = time.monotonic()
        say(f"{kind}: killed {pause:.2f} s after upload {before}; all well {now - killed:.1f} s later")
    drained = time.monotonic()
    all_ended(stack, chaotic)
    say(f"drained in {time.monotonic() - drained:.1f} s; {len(uploads.repeated)} uploads repeated")
    try:
        until("search has them all", lambda: len(chunks_of(stack, chaotic.tenant)) == DOCUMENTS, 120, 0.5)
    except AssertionError as error:
        raise AssertionError(f"{error}: {missing(stack, chaotic, documents)}") from None
    finally:
        reader.end()

    assert uploads.accepted.keys() == {document.name for document in documents}
    assert reader.answers > DOCUMENTS / 10, "the reader saw next to nothing"
    assert not reader.wrong, reader.wrong[:5]
    assert_seen_once(stack, chaotic, calm, documents, uploads)
    assert_nothing_left_over(stack, chaotic)
    assert_ids_are_derived(stack)


def assert_seen_once(stack: Stack, api: Api, calm: Api, documents: list[SmallDocument], uploads: Uploads) -> None:
    """Documents, versions, chunks and search show what the undisturbed run shows."""
    undisturbed = documents_of(stack, calm.tenant)
    with suppress(AssertionError):  # each read model is folded by itself, and this one may be the last
        until("documents show it", lambda: documents_of(stack, api.tenant) == undisturbed, 120, 0.5)
    assert documents_of(stack, api.tenant) == undisturbed
    assert chunks_of(stack, api.tenant) == chunks_of(stack, calm.tenant)
    for name, done in uploads.accepted.items():
        job = api.job(done["job_id"])
        assert job, f"the job of {name} is gone"
        assert job["outcome"] in ({"indexed", "unchanged"} if name in uploads.repeated else {"indexed"}), job
    for document in documents:
        hits = api.search(document.word, mode="text", k=20)
        assert {hit["file_name"] for hit in hits} == {document.name}, document.name
        assert len({hit["ordinal"] for hit in hits}) == len(hits), "a chunk is found twice"
        versions = api.get(f"/v1/documents/{document.id_in(api.tenant)}/versions")["items"]
        assert sum(version["active"] for version in versions) == 1, versions
        assert len(versions) == 1 or document.name in uploads.repeated, versions


def assert_nothing_left_over(stack: Stack, api: Api) -> None:
    """No dead letter, nothing waiting, no orphaned process, no text in a folder that nobody looks after."""
    assert api.get("/v1/dead-letters")["items"] == []
    assert read_topics(stack.kafka_bootstrap, ["muniment.dlq"]) == []
    until("the outbox is empty", lambda: not stack.rows("select * from muniment_deciding.outbox"))
    until("no process is left over", lambda: not strays(stack))
    folders = [stack.home / folder for folder in ("work", "blobs/.drafts")]
    until(
        "no file of a killed process is left over", lambda: not [path for one in folders for path in files_below(one)]
    )


def strays(stack: Stack) -> list[list[str]]:
    """The command lines of processes of this home that nobody looks after."""
    # In this order: one that begins in between is no stray.
    found = leftovers.find(stack.home)
    top = psutil.Process(stack.pids()["supervisor"])
    supervised = {top.pid, *(child.pid for child in top.children(recursive=True))}
    lines = []
    for process in found:
        with suppress(psutil.NoSuchProcess):
            if process.pid not in supervised and process.is_running():
                lines.append(process.cmdline())
    if lines:
        say(f"left over: {lines}")
    return lines


def assert_ids_are_derived(stack: Stack) -> None:
    """A repeat on the log has the id of the first: readers can tell that it is one."""
    ids = defaultdict(set)
    records = read_topics(stack.kafka_bootstrap, RESULTS)
    for record in records:
        ids[record.header("correlation_id"), record.header("ce_type")].add(record.header("ce_id"))
    several = {what: found for what, found in ids.items() if len(found) > 1}
    say(f"{len(records)} results on the log, {len(records) - len(ids)} of them repeats")
    assert not several, list(several.items())[:3]
