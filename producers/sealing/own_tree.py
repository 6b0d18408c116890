"""Holds the tree that is kept here against itself, up to what was signed: its leaves are what the log is compared with.

Who can write to the tables could change a record and its hash in the tile together. A full tile is one hash of the tile
above it, and so on up to the root of the newest checkpoint, which was signed and is told elsewhere.
"""

from collections.abc import Mapping
from typing import Any

from muniment.producers.postgres import database
from muniment.producers.sealing.proving import NotSealed, Proofs
from muniment.producers.sealing.store import Finding
from muniment.schemas.proofs.checkpoints import parse_checkpoint
from muniment.schemas.proofs.merkle import HASH_BYTES
from muniment.schemas.proofs.notes import parse_note
from muniment.schemas.proofs.tiles import WIDTH, Tile, tile_root

KIND, ABOVE = "tree", "tree_above"
"""Kinds of findings: of leaves, by their offsets; and of all above them, which lies at no place of the log."""
FULL = WIDTH * HASH_BYTES
MOST_TOLD = 20
"""Of what is wrong above the leaves, in one finding."""
_SPAN = """
select level, number, hashes from muniment_sealing.tiles
where log_id = $1 and (level = 0 and number between $2 and $3 or level = 1 and number between $4 and $5)"""
_UPPER = "select level, number, hashes from muniment_sealing.tiles where log_id = $1 and level > 0"
_NEWEST = """
select c.size, c.root, c.note from muniment_sealing.checkpoints c join muniment_sealing.logs l using (log_id)
where c.log_id = $1 and c.size <= l.size order by c.size desc limit 1"""


def wrong_tiles(tiles: Mapping[Tile, bytes]) -> list[Tile]:
    """The full tiles whose root is not the hash that stands for them in the tile above, or where there is none."""
    out = []
    for (level, number), hashes in tiles.items():
        if len(hashes) != FULL:
            continue
        above, at = tiles.get((level + 1, number // WIDTH), b""), number % WIDTH * HASH_BYTES
        if tile_root(hashes) != above[at : at + HASH_BYTES]:
            out.append((level, number))
    return sorted(out)


class OwnTree:
    """See the module. Every call raises `StepFailure(database_unavailable)` when Postgres is away."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def leaves(self, log_id: int, start: int, end: int) -> list[range]:
        """The leaves of the tiles that do not give the hash above them, of those that these leaves lie in."""
        first, last = start // WIDTH, (end - 1) // WIDTH
        tiles = await self._tiles(_SPAN, log_id, first, last, first // WIDTH, last // WIDTH)
        return [range(number * WIDTH, (number + 1) * WIDTH) for level, number in wrong_tiles(tiles) if level == 0]

    async def upwards(self, log_id: int) -> list[Finding]:
        """Whether all above the leaves leads up to the newest checkpoint, and that is what its note says.

        One finding, at the beginning of the log: what it says, and not how far the log reaches, tells it from others.
        """
        wrong = wrong_tiles(await self._tiles(_UPPER, log_id))
        told = [
            f"tile {number} of level {level} does not give the hash in the tile above it" for level, number in wrong
        ]
        async with database():
            row = await self._pool.fetchrow(_NEWEST, log_id)
        if row is not None:
            try:
                root = await Proofs(self._pool).root(log_id, row["size"])
            except NotSealed:
                root = b""
            try:
                signed = parse_checkpoint(parse_note(row["note"]).text).head.root
            except ValueError:
                signed = b""  # whoever wrote that note was no sealer
            if not root == row["root"] == signed:
                told.append("the tree is another one than was signed")
        said = "; ".join(told[:MOST_TOLD]) + ("; and more" if len(told) > MOST_TOLD else "")
        return [Finding(ABOVE, 0, 1, f"{said}: somebody changed the tables")] if told else []

    async def _tiles(self, query: str, *given: int) -> dict[Tile, bytes]:
        async with database():
            rows = await self._pool.fetch(query, *given)
        return {(row["level"], row["number"]): row["hashes"] for row in rows}
