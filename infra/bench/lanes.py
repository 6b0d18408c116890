"""What an import in the bulk lane costs a document that somebody waits for: no more than one batch, that is wanted.

A batch is what one embedding call holds; its time is that of a document of one full batch, alone, from POST to search.
"""

import asyncio
from pathlib import Path
from uuid import uuid4

from muniment.infra.bench.figures import Figure, percentile
from muniment.infra.bench.floor_tables import TENANT
from muniment.infra.bench.ours import Ours

IMPORT = 5000
WANTED = 40
BATCHES = 5
SMALL_CHARACTERS = 600
BATCH_CHARACTERS = 64 * 800
"""About as many chunks as a batch holds."""
LOOK_EVERY_S = 0.005
PAUSE_S = 0.2
DELAY_MAX = 1.0
_GIVEN = "select count(*) from read.jobs where lane = 'bulk'"
_LEFT = """select count(*) from read.jobs where lane = 'bulk' and "end" is null"""


async def measured(ours: Ours, files: list[Path], folder: Path, count: int = IMPORT) -> list[Figure]:
    """The delay in batches, and the times behind it; `files` lend their words."""
    texts = [file.read_text("utf-8") for file in files]
    quiet = await _median_ms(ours, texts, folder, WANTED, SMALL_CHARACTERS)
    batch = await _median_ms(ours, texts, folder, BATCHES, BATCH_CHARACTERS)
    imported = {uuid4(): _cut(texts, folder, number, SMALL_CHARACTERS) for number in range(count)}
    importing = asyncio.create_task(ours.submit(imported, "bulk"))
    try:
        while not importing.done() and await ours.database.fetchval(_GIVEN) < count // 3:  # noqa: ASYNC110 - as below
            await asyncio.sleep(LOOK_EVERY_S)
        during = await _median_ms(ours, texts, folder, WANTED, SMALL_CHARACTERS)
        left = await ours.database.fetchval(_LEFT)
        await importing
        while await ours.database.fetchval(_LEFT):  # noqa: ASYNC110 - in another process
            await asyncio.sleep(1)
    finally:
        importing.cancel()
    note = f"{WANTED} documents in the middle of {count:,}, {left:,} of which were left after them; medians"
    return [
        Figure(
            "delay of an interactive document by an import", (during - quiet) / batch, "batches", DELAY_MAX, note=note
        ),
        Figure("interactive document beside an import, p50", during, "ms"),
        Figure("interactive document alone, p50", quiet, "ms"),
        Figure("document of one batch alone, p50", batch, "ms"),
    ]


async def _median_ms(ours: Ours, texts: list[str], folder: Path, documents: int, characters: int) -> float:
    took = []
    for number in range(documents):
        file = _cut(texts, folder, number, characters)
        took.append(await ours.first_seen_ms(TENANT, uuid4(), file, LOOK_EVERY_S, "interactive"))
        await asyncio.sleep(PAUSE_S)
    return percentile(took, 0.5)


def _cut(texts: list[str], folder: Path, number: int, characters: int) -> Path:
    """A document of so many characters that nobody has seen before."""
    name = uuid4().hex
    text = texts[number % len(texts)] or name
    words = text * (characters // len(text) + 1)
    # Marked in every chunk, so that no vector is known.
    pieces = [f"{name} {start}\n{words[start : start + 400]}" for start in range(0, characters, 400)]
    file = folder / f"{name}.txt"
    file.write_text("\n\n".join(pieces)[:characters], "utf-8")
    return file
