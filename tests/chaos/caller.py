"""The callers of a seed: each tells one document's story over HTTP and repeats whatever was not acknowledged."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2
from chaos.corpus import COMMON, Corpus, Op, Story
from chaos.web import Web

PATIENCE_S = 600.0
"""Of a caller who waits for an acknowledgement, or for the end of a job before the next request: on a busy machine a
minute goes by. Who goes on too soon tells another story than the undisturbed run was told."""
ANSWERED_WITHIN_S = 120.0
"""Of a question at the end: the breaker of the model may be open for a minute after the last of its faults."""
PAUSE_S = 0.25
AT_ONCE = 6
ASKED_OF = 100
"""Documents that a search can be narrowed to."""
AGAIN = frozenset({409, 425, 429, 500, 502, 503, 504})
"""Answers after which a caller asks again: nothing was acknowledged. 409: the first try is still under way."""


@dataclass
class Told:
    """What the callers were told.

    `acknowledged` has the job of each operation `(document, number)`; `unsure` how often it may have been heard
    without being acknowledged.
    """

    acknowledged: dict[tuple[str, int], str] = field(default_factory=dict)
    unsure: Counter[tuple[str, int]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)

    @property
    def operation_of(self) -> dict[str, tuple[str, int]]:
        """The operation by its job."""
        return {job: operation for operation, job in self.acknowledged.items()}


class Callers:
    """All callers of one seed, in one tenant. `ended` is kept by whoever looks at the jobs."""

    def __init__(self, url: str, key: str, corpus: Corpus, tenant: str, web: Web) -> None:
        self.http = httpx2.AsyncClient(
            base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=20, trust_env=False
        )
        self._corpus = corpus
        self._web = web
        self.tenant = tenant
        self._room = asyncio.Semaphore(AT_ONCE)
        self.told = Told()
        self.ended: set[str] = set()
        self._cancelling = False

    @property
    def secret(self) -> str:
        """A word of this run alone, in every document that is to be erased."""
        return f"zqsecret{self.tenant.replace('-', '')}x"

    async def tell(self, within_s: float, *, cancelling: bool) -> None:
        """Tell all stories; they begin spread over `within_s` seconds. Without `cancelling`, no job is cancelled."""
        self._cancelling = cancelling
        stories = self._corpus.stories
        pace = within_s / len(stories)
        async with asyncio.TaskGroup() as group:
            for place, story in enumerate(stories):
                group.create_task(self._story(story, place * pace))

    async def close(self) -> None:
        """Close the connections."""
        await self.http.aclose()

    async def _story(self, story: Story, begins_s: float) -> None:
        await asyncio.sleep(begins_s)
        position = ""
        for number, op in enumerate(story.ops):
            if op.cancels and not self._cancelling:
                return
            done = await self._op(story, number, op, position)
            if done is None:
                return
            position = done.get("position", position)
            if story.patient and number + 1 < len(story.ops):
                await self._end_of(done.get("job_id"))

    async def _op(self, story: Story, number: int, op: Op, position: str) -> dict[str, Any] | None:
        place = (story.name, number)
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                async with self._room:
                    answer = await self._ask(story, number, op, position)
            except httpx2.TransportError as error:
                self.told.unsure[place] += 1
                self.told.answers[type(error).__name__] += 1
                await asyncio.sleep(PAUSE_S)
                continue
            self.told.answers[str(answer.status_code)] += 1
            if answer.status_code == 202:
                done: dict[str, Any] = answer.json()
                self.told.acknowledged[place] = done["job_id"]
                return done
            if op.cancels and answer.status_code == 409 and answer.json().get("code") == "job_ended":
                return {}
            if op.data is None and answer.status_code == 404:
                if self.told.unsure[place]:
                    # A try that was not acknowledged was heard all the same.
                    return {}
                # With the position of the submission this should not be: it is counted, and asked again.
            elif answer.status_code not in AGAIN:
                self.told.wrong.append(f"{place}: {answer.status_code} {answer.text[:200]}")
                return None
            self.told.unsure[place] += answer.status_code >= 500
            await asyncio.sleep(PAUSE_S)
        self.told.wrong.append(f"{place}: not acknowledged within {PATIENCE_S:g} s")
        return None

    async def _ask(self, story: Story, number: int, op: Op, position: str) -> httpx2.Response:
        identity = self._corpus.identity(story.name)
        headers = {"Idempotency-Key": f'"{self.tenant}/{story.name}/{number}"'}
        if op.data is None and position:
            headers["Muniment-Position"] = position
        if op.cancels:
            job = self.told.acknowledged[story.name, number - 1]
            return await self.http.post(f"/v1/jobs/{job}/cancel", headers=headers)
        if op.data is None:
            return await self.http.delete(f"/v1/documents/{identity}", headers=headers)
        fields = {"document_id": identity, "lane": story.lane}
        if op.by_address:
            named = {**fields, "url": self._web.address(self._corpus, story, number)}
            return await self.http.post("/v1/documents", json=named, headers=headers)
        secret = f"\n\nThe secret is {self.secret}.\n".encode() if story.erased else b""
        files = {"file": (story.name, op.data + secret, "application/octet-stream")}
        return await self.http.post("/v1/documents", data=fields, files=files, headers=headers)

    async def _end_of(self, job: str | None) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while job is not None and job not in self.ended:
            if time.monotonic() > deadline:
                self.told.wrong.append(f"{job}: not ended within {PATIENCE_S:g} s")
                return
            await asyncio.sleep(PAUSE_S)

    async def flag(self, name: str, *, value: bool) -> int:
        """Set a flag; how often that had to be asked for."""
        path, given = f"/v1/flags/{name}", {"value": value, "reason": "chaos"}
        for times in range(1, 400):
            try:
                answer = await self.http.put(path, json=given)
                if answer.status_code == 202:
                    return times
                self.told.answers[f"flag {answer.status_code}"] += 1
            except httpx2.TransportError as error:
                self.told.answers[f"flag {type(error).__name__}"] += 1
            await asyncio.sleep(PAUSE_S)
        raise TimeoutError(f"the flag {name} could not be set")

    async def watch(self) -> None:
        """Search all the while, and note what no reader may see: a chunk twice, two versions of a document."""
        while True:
            await asyncio.sleep(PAUSE_S)
            try:
                asked = {"q": COMMON, "mode": "text", "k": 100}
                answer = await self.http.post("/v1/search", json=asked)
                if answer.status_code == 200:
                    self._looked_at(answer.json()["hits"])
            except httpx2.TransportError:
                continue  # a part is away; what counts is what an answer says

    def _looked_at(self, hits: list[dict[str, Any]]) -> None:
        self.told.answers["searches"] += 1
        places = Counter((hit["document_id"], hit["ordinal"]) for hit in hits)
        versions = defaultdict(set)
        for hit in hits:
            versions[hit["document_id"]].add(hit["version"])
        self.told.wrong += [f"a reader saw chunk {place} {n} times" for place, n in places.items() if n > 1]
        self.told.wrong += [f"a reader saw {doc} in versions {vs}" for doc, vs in versions.items() if len(vs) > 1]

    async def questions(self, words: Sequence[str]) -> dict[str, list[Any]]:
        """What search answers in every mode to each of these; places by file name, without ids and versions.

        Asked of the first hundred documents, without those of which chance decides whether they are there: they
        would move the others up or down.
        """
        certain = [story.name for story in self._corpus.stories if not story.cancelled and not story.erased]
        among = [self._corpus.identity(name) for name in certain[:ASKED_OF]]
        asked = [(q, mode) for q in words for mode in ("text", "vector", "hybrid")]

        async def one(q: str, mode: str) -> list[Any]:
            async with self._room:
                return await self._hits({"q": q, "mode": mode, "k": 20, "document_ids": among})

        hits = await asyncio.gather(*(one(q, mode) for q, mode in asked))
        return {f"{mode} {q}": found for (q, mode), found in zip(asked, hits, strict=True)}

    async def secret_hits(self) -> int:
        """How many hits search has for the secret of what was erased, in words or file names."""
        return len(await self._hits({"q": self.secret, "mode": "text", "k": 20}))

    async def _hits(self, asked: dict[str, Any]) -> list[Any]:
        last = ""
        deadline = time.monotonic() + ANSWERED_WITHIN_S
        while time.monotonic() < deadline:
            try:
                answer = await self.http.post("/v1/search", json=asked)
            except httpx2.TransportError as error:
                last = repr(error)
            else:
                if answer.status_code == 200 and not answer.json()["degraded"]:
                    return [[hit["file_name"], hit["ordinal"]] for hit in answer.json()["hits"]]
                last = f"{answer.status_code} {answer.text}"
            await asyncio.sleep(PAUSE_S)
        raise AssertionError(f"search: {last}")
