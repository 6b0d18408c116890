"""What was taken in before comes again: as the same documents, then as new ones with the same texts."""

from pathlib import Path
from uuid import UUID, uuid4

from muniment.infra.bench.endpoint import FixedEndpoint
from muniment.infra.bench.figures import Figure
from muniment.infra.bench.ours import Ours

MOST = 0.2


async def measured(ours: Ours, endpoint: FixedEndpoint, documents: dict[UUID, Path], first_s: float) -> list[Figure]:
    """Embedding calls and times of both; `first_s` is how long it took the first time."""
    before = await endpoint.inputs()
    unchanged_s = await ours.again(documents)
    between = await endpoint.inputs()
    copies_s = await ours.take({uuid4(): file for file in documents.values()})
    after = await endpoint.inputs()
    note = f"{unchanged_s:.1f} s against {first_s:.1f} s"
    return [
        Figure("unchanged corpus: texts embedded", between - before, "texts", 0),
        Figure("unchanged corpus: time / first time", unchanged_s / first_s, "", MOST, note=note),
        Figure("same texts as new documents: texts embedded", after - between, "texts", 0),
        Figure("same texts as new documents: time / first time", copies_s / first_s, "", note=f"{copies_s:.1f} s"),
    ]
