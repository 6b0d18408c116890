"""What operators do while a seed runs: heal the endpoint, redrive what it refused (two of them at once), erase."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx2
from chaos.caller import PATIENCE_S, PAUSE_S, Callers
from chaos.corpus import Corpus

BURIED_AS = "provider_rejected"
REDRIVE = (
    "/v1/dead-letters/redrive",
    {"selection": {"code": BURIED_AS}, "reason": "the endpoint takes them", "rate": 50, "canary": 1},
)
TWO = ("one", "another")
"""The operators who ask for the same redrive."""


@dataclass
class Operators:
    """Of one tenant. `wrong` says what they were not granted; `redrive` and `erasure` what came of it.

    `meanwhile` is what happens in the time after something was asked for, by its name.
    """

    callers: Callers
    corpus: Corpus
    heal: Callable[[], None]
    meanwhile: Callable[[str], Coroutine[Any, Any, None]]
    wrong: list[str] = field(default_factory=list)
    erasure: dict[str, Any] = field(default_factory=dict)

    async def redrive(self) -> None:
        """When everything unwanted is buried: heal the endpoint, ask for the redrive twice, and wait for its end."""
        jobs = await self._until("the unwanted are buried", self._buried)
        if jobs is None:
            return
        self.heal()
        asked = [asyncio.create_task(self._ask(f"redrive/{who}", *REDRIVE)) for who in TWO]
        kill = asyncio.create_task(self.meanwhile("redrive"))
        await asyncio.gather(*asked, kill)
        await self._until("the redriven succeed", lambda: self._succeeded(jobs))

    async def redrive_late(self) -> None:
        """Send back what waits at the end: letters that had not come to readers yet when the others were selected.

        A step that was killed has said the same again; the repeat is refused, and buried, by itself.
        """
        times = 0

        async def none_left() -> bool:
            nonlocal times
            waiting = await self._letters("waiting")
            if waiting:
                times += 1
                await self._ask(f"redrive/late/{times}", *REDRIVE)
            return waiting == [] == await self._letters("redriving")

        await self._until("no letter waits", none_left)

    async def erase(self) -> None:
        """Ask that the erased be erased, and wait until that is completed."""
        gone = [self.corpus.identity(story.name) for story in self.corpus.stories if story.erased]
        given = {"document_ids": gone, "reason": "asked for by letter"}
        asking = asyncio.create_task(self._ask("erasure", "/v1/erasures", given))
        kill = asyncio.create_task(self.meanwhile("erasure"))
        taken = await asking
        if taken is None:
            await kill
            return
        path = f"/v1/erasures/{taken['erasure_id']}"

        async def completed() -> dict[str, Any] | None:
            self.erasure = await self._get(path) or self.erasure
            return self.erasure if self.erasure.get("status") == "completed" else None

        await self._until("the erasure is completed", completed)
        await kill

    async def _buried(self) -> set[str] | None:
        """The jobs of everything unwanted, once each has a letter; one may have several."""
        unwanted = {self.corpus.identity(story.name) for story in self.corpus.stories if story.unwanted}
        letters = await self._letters("waiting") or []
        there = {one["document_id"] for one in letters}
        return {one["job_id"] for one in letters} if there >= unwanted else None

    async def _letters(self, status: str) -> list[dict[str, Any]] | None:
        found = await self._get("/v1/dead-letters", status=status, code=BURIED_AS, limit="200")
        items: list[dict[str, Any]] | None = None if found is None else found["items"]
        return items

    async def _succeeded(self, jobs: set[str]) -> bool:
        found = [await self._get("/v1/jobs", job_id=job) for job in jobs]
        return all(one and one["items"] and one["items"][0]["state"] == "succeeded" for one in found)

    async def _ask(self, what: str, path: str, given: dict[str, Any]) -> dict[str, Any] | None:
        """Until it is acknowledged, or nothing is left that it could be about (the other operator was first)."""
        headers = {"Idempotency-Key": f'"{self.callers.tenant}/{what}"'}

        async def asked() -> dict[str, Any] | None:
            answer = await self.callers.http.post(path, json=given, headers=headers)
            if answer.status_code == 202 or (answer.status_code == 409 and _code(answer) == "nothing_selected"):
                done: dict[str, Any] = answer.json()
                return done
            self.callers.told.answers[f"{what} {answer.status_code}"] += 1
            if answer.status_code not in {409, 425, 429, 500, 502, 503, 504}:
                self.wrong.append(f"{what}: {answer.status_code} {answer.text[:200]}")
                return {}
            return None

        found: dict[str, Any] | None = await self._until(f"{what} is acknowledged", asked)
        return found or None

    async def _get(self, path: str, **asked: str) -> dict[str, Any] | None:
        answer = await self.callers.http.get(path, params=asked)
        found: dict[str, Any] | None = answer.json() if answer.status_code == 200 else None
        return found

    async def _until(self, what: str, look: Callable[[], Awaitable[Any]]) -> Any:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            with suppress(httpx2.TransportError):
                found = await look()
                if found is not None and found is not False:
                    return found
            await asyncio.sleep(PAUSE_S)
        self.wrong.append(f"{what}: not within {PATIENCE_S:g} s")
        return None


def _code(answer: httpx2.Response) -> str:
    return str(answer.json().get("code"))
