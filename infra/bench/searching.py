"""The same questions to the floor and to the API, in turn."""

import asyncio
import re
from pathlib import Path
from time import perf_counter

from muniment.infra.bench.figures import Figure, percentile
from muniment.infra.bench.floor import Floor
from muniment.infra.bench.ours import Ours

QUESTIONS = 200
WARM_UP = 20
WORDS = 6
K = 10
MOST = 1.5
_WORD = re.compile(r"[a-z]{4,}")


def questions(files: list[Path], count: int) -> list[str]:
    """Questions in the corpus's own words: a few consecutive ones from the middle of a document."""
    asked: list[str] = []
    for number in range(count):
        words = _WORD.findall(files[number * len(files) // count].read_text("utf-8"))
        middle = len(words) // 2
        asked.append(" ".join(words[middle : middle + WORDS]) or "python")
    return asked


async def measured(floor: Floor, ours: Ours, files: list[Path]) -> list[Figure]:
    """The 95th percentile of both, and their ratio."""
    await asyncio.gather(floor.pool.execute("analyze"), ours.database.execute("analyze"))
    asked = questions(files, QUESTIONS)
    for text in asked[:WARM_UP]:
        await _both(floor, ours, text)
    took = [await _both(floor, ours, text) for text in asked]
    floors, our = ([pair[side] for pair in took] for side in (0, 1))
    ratio = percentile(our, 0.95) / percentile(floors, 0.95)
    note = f"{QUESTIONS} hybrid questions, floor and API in turn; both tables analyzed before"
    medians = f"median {percentile(our, 0.5):.0f} ms, floor's {percentile(floors, 0.5):.0f} ms"
    return [
        Figure("search through the API, p95", percentile(our, 0.95), "ms", note=medians),
        Figure("search of the floor, p95", percentile(floors, 0.95), "ms"),
        Figure("search p95, ours / floor", ratio, "", MOST, note=note),
    ]


async def _both(floor: Floor, ours: Ours, text: str) -> tuple[float, float]:
    started = perf_counter()
    await floor.search(text, K)
    between = perf_counter()
    await ours.api.get("/v1/search", q=text, mode="hybrid", k=K)
    return (between - started) * 1000, (perf_counter() - between) * 1000
