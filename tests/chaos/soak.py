"""`make soak HOURS=…`: light, steady load and a kill now and then; memory, file handles, lag and disk are watched.

Writes `.muniment/soak.json`. Exit code 1 when a job has not ended, the stack did not get well, or a process grew.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import psutil
from chaos import log, seed, views
from chaos.killing import Killer, until
from chaos.standing import ChaosStack, standing
from chaos.wear import Sample, grown, wear
from chaos.web import serving
from support.ports import free_port
from support.stack import INSTALLED

PARTS = ("workers", "projections", "api", "kafka", "postgres")
KILLED = (*PARTS, "endpoint", "supervisor")
TENANT = "soak"
EVERY_S = 5.0
KILL_AFTER_S = (30.0, 120.0)
"""Between two kills."""
END_WITHIN_S = 300.0


@dataclass
class Soak:
    """One run; what it saw so far."""

    stack: ChaosStack
    pace_s: float
    began: float = field(default_factory=time.monotonic)
    submitted: int = 0
    samples: list[Sample] = field(default_factory=list)
    lags: list[int] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    async def run(self, for_s: float) -> dict[str, Any]:
        """Load and kills for so long, then wait for the end of everything, and look."""
        killer = Killer(self.stack, _no_flag)
        before = sum((await log.ends(self.stack.kafka_bootstrap)).values())
        disk = _disk(self.stack.home)
        watching = asyncio.create_task(self._watch())
        loading, killing = asyncio.create_task(self._load()), asyncio.create_task(self._kill(killer))
        await asyncio.wait([watching, loading, killing], timeout=for_s, return_when=asyncio.FIRST_EXCEPTION)
        killing.cancel()
        loading.cancel()
        ends = await asyncio.gather(killing, loading, return_exceptions=True)
        self.wrong += [repr(end) for end in ends if isinstance(end, Exception)]
        if not await until(lambda: seed.well(self.stack), END_WITHIN_S):
            self.wrong.append("the stack does not get well")
        left = await self._rest()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        records = sum((await log.ends(self.stack.kafka_bootstrap)).values()) - before
        worn = wear(self.samples)
        return {
            "seconds": round(time.monotonic() - self.began, 1),
            "documents": self.submitted,
            "kills": killer.done,
            "left": left,
            "most_behind": max(self.lags, default=0),
            "disk_bytes_per_record": round((_disk(self.stack.home) - disk) / max(1, records)),
            "records": records,
            "worn": worn,
            "wrong": [*self.wrong, *grown(worn), *([f"{left} jobs have not ended"] if left else [])],
        }

    async def _load(self) -> None:
        headers = {"Authorization": f"Bearer {await self.stack.key(TENANT)}"}
        address = self.stack.record().addresses["api"]
        async with httpx2.AsyncClient(base_url=address, headers=headers, timeout=20, trust_env=False) as http:
            while True:
                text = f"# Note {self.submitted}\n\nThe soaking sponge number {self.submitted}, {random.random()}.\n"
                given = {"text": text, "file_name": f"{self.submitted}.md"}
                key = {"Idempotency-Key": f'"soak/{self.submitted}"'}
                while True:
                    with suppress(httpx2.TransportError):
                        answer = await http.post("/v1/documents", json=given, headers=key)
                        if answer.status_code == 202:
                            break
                    await asyncio.sleep(0.3)
                self.submitted += 1
                await asyncio.sleep(self.pace_s)

    async def _kill(self, killer: Killer) -> None:
        while True:
            await asyncio.sleep(random.uniform(*KILL_AFTER_S))
            kind = random.choice(KILLED)
            killer.done.append(f"{kind}: {await killer.now(kind)}")

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            with suppress(*seed.AWAY, KeyError, psutil.Error):
                self._look()
                behind = await log.behind(self.stack.kafka_bootstrap, await log.ends(self.stack.kafka_bootstrap))
                self.lags.append(sum(behind.values()))

    def _look(self) -> None:
        now = time.monotonic() - self.began
        for part, pid in self.stack.pids().items():
            with suppress(psutil.Error):
                one = psutil.Process(pid)
                age = time.time() - one.create_time()
                rss = one.memory_info().rss / 2**20
                self.samples.append(Sample(round(now, 1), part, round(age, 1), round(rss, 1), one.num_fds()))

    async def _rest(self) -> int:
        """Jobs without an end, once there are none or at the deadline."""
        left, deadline = -1, time.monotonic() + END_WITHIN_S
        while left and time.monotonic() < deadline:
            with suppress(*seed.AWAY):
                states = await views.job_states(self.stack.database_url, TENANT)
                left = max(self.submitted, len(states)) - sum(states.values())
            await asyncio.sleep(1)
        return left


async def _no_flag(name: str, on: bool) -> int:
    raise AssertionError(f"{name} is not turned {on} here")


def _disk(home: Path) -> int:
    noted = home / "postgres-home"
    roots = [home, *([Path(noted.read_text().strip())] if noted.exists() else [])]
    total = 0
    for root in roots:
        for path in root.rglob("*"):
            with suppress(OSError):
                total += 0 if path.is_symlink() else path.stat().st_blocks * 512
    return total


async def _soaked(for_s: float, pace_s: float) -> dict[str, Any]:
    with (
        tempfile.TemporaryDirectory(prefix="muniment-soak-") as work,
        serving(free_port()) as web,
        standing(Path(work), web) as stack,
    ):
        return await Soak(stack, pace_s).run(for_s)


def main() -> int:
    """Run, print, write `.muniment/soak.json`."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    parser = argparse.ArgumentParser(prog="make soak")
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--pace", type=float, default=1.0, help="seconds between two documents")
    given = parser.parse_args()
    figures = asyncio.run(_soaked(given.hours * 3600, given.pace))
    told = json.dumps(figures, indent=1) + "\n"
    (INSTALLED / "soak.json").write_text(told)
    sys.stdout.write(told)
    return 1 if figures["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
