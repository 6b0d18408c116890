"""One small document after the other on an idle stack: from POST to searchable."""

import asyncio
from pathlib import Path
from uuid import uuid4

from muniment.infra.bench.figures import Figure, percentile
from muniment.infra.bench.floor_tables import TENANT
from muniment.infra.bench.ours import Ours

DOCUMENTS = 60
CHARACTERS = 600
LOOK_EVERY_S = 0.003
PAUSE_S = 0.1
"""Between documents, so that what the last one left behind (commits, folds of other read models) is over."""
P50_MS, P95_MS = 150.0, 400.0


async def measured(ours: Ours, files: list[Path], folder: Path) -> list[Figure]:
    """Both percentiles, over small documents cut from `files`."""
    took = []
    for number in range(DOCUMENTS):
        text = files[number % len(files)].read_text("utf-8")[:CHARACTERS]
        small = folder / f"small-{number}.txt"
        # Numbered, so that no vector is known from the document it was cut from.
        small.write_text(f"Note {number}.\n{text}", "utf-8")
        took.append(await ours.first_seen_ms(TENANT, uuid4(), small, LOOK_EVERY_S))
        await asyncio.sleep(PAUSE_S)
    note = f"{DOCUMENTS} documents one by one, POST to visible in read.active_versions"
    return [
        Figure("small document to searchable, p50", percentile(took, 0.5), "ms", P50_MS, note=note),
        Figure("small document to searchable, p95", percentile(took, 0.95), "ms", P95_MS),
    ]
