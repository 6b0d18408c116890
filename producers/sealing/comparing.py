"""Holds the checkpoints that are kept here against those that lie outside: the newest can be taken out here unseen.

Each checkpoint names the one before it, so one that is taken out of the middle shows. Nothing names the newest one;
but what was put outside was signed, and is not among those kept here only if somebody took it out, or put an older
state in their place. It is taken in again, and binds as before.
"""

from pathlib import PurePosixPath
from typing import Any

from muniment.producers.postgres import database
from muniment.producers.sealing.places import Place
from muniment.producers.sealing.proving import NotSealed, Proofs
from muniment.producers.sealing.store import Finding, Log
from muniment.producers.signing import Signer
from muniment.schemas.proofs.checkpoints import Checkpoint, origin_of, parse_checkpoint
from muniment.schemas.proofs.notes import parse_note, signer_of
from muniment.schemas.proofs.signatures import PublicKey

SPAN = 1000
"""So many checkpoints, the newest ones, are compared."""
_SIZES = "select size from muniment_sealing.checkpoints where log_id = $1 order by size desc limit $2"
_TAKE_IN = """
insert into muniment_sealing.checkpoints (log_id, size, root, next_offset, signed_at, key_id, note, outside_at)
values ($1, $2, $3, $4, $5, $6, $7, now()) on conflict (log_id, size) do nothing"""


def folder_of(installation: str, topic: str, partition: int) -> str:
    """Where the checkpoints of a partition lie outside."""
    return f"{installation}/{topic}/{partition}"


def name_of(installation: str, topic: str, partition: int, size: int) -> str:
    """The name of a checkpoint outside."""
    return f"{folder_of(installation, topic, partition)}/{size:020d}.note"


async def unknown(place: Place, folder: str, known: set[int], *, whole: bool) -> list[tuple[int, str]]:
    """The checkpoints that lie outside and are none of these sizes: size and name; from the smallest on, or `whole`."""
    after = "" if whole or not known else f"{folder}/{min(known):020d}.note"
    there = [(PurePosixPath(name), name) for name in await place.names(folder, after)]
    sizes = [(int(path.stem), name) for path, name in there if path.suffix == ".note" and path.stem.isdecimal()]
    return sorted((size, name) for size, name in sizes if size not in known)


class Comparing:
    """`place` is where checkpoints go outside; `None`: nowhere."""

    def __init__(self, pool: Any, signer: Signer, place: Place | None) -> None:
        self._pool = pool
        self._signer = signer
        self._place = place

    async def look(self, log: Log) -> list[Finding]:
        """What lies outside of this log, and is not kept here: taken in again, where this installation signed it.

        Raises:
            StepFailure: `blob_unavailable`, `database_unavailable`.

        """
        if self._place is None:
            return []
        folder = folder_of(self._signer.installation, log.topic, log.partition)
        async with database():
            sizes = {row["size"] for row in await self._pool.fetch(_SIZES, log.log_id, SPAN)}
        out: list[Finding] = []
        for size, name in await unknown(self._place, folder, sizes, whole=len(sizes) < SPAN):
            out += await self._judge(log, size, name, await self._place.get(name))
        return out

    async def _judge(self, log: Log, size: int, name: str, content: bytes) -> list[Finding]:
        read = self._read(log, size, content)
        if read is None:
            told = f"outside, {name} is no checkpoint of this partition that a key of this installation signed"
            return [Finding("forged", size, size + 1, told)]
        one, key = read
        note, row = content.decode(), (one.head.root, one.next_offset, one.signed_at, key.key_id)
        async with database():
            await self._pool.execute(_TAKE_IN, log.log_id, size, *row, note)
        told = f"a checkpoint of {size} leaves lies outside ({name}) and was not kept here any more"
        out = [Finding("taken_out", size, size + 1, told)]
        if size <= log.tree.size and not await self._grew_from(log, one):
            told = f"outside, {name} is a checkpoint of another tree of the same size"
            out.append(Finding("contradicted", size, size + 1, told))
        return out

    def _read(self, log: Log, size: int, content: bytes) -> tuple[Checkpoint, PublicKey] | None:
        try:
            note = parse_note(content.decode())
            one = parse_checkpoint(note.text)
        except ValueError:
            return None
        key = signer_of(note, self._signer.public_keys())
        own = (origin_of(self._signer.installation, log.topic, log.partition), size)
        return (one, key) if key is not None and (one.origin, one.head.size) == own else None

    async def _grew_from(self, log: Log, one: Checkpoint) -> bool:
        try:
            return await Proofs(self._pool).root(log.log_id, one.head.size) == one.head.root
        except NotSealed:
            return False
