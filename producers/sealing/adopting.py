"""Reads the topic of checkpoints back: what was signed before is binding, also after a loss of the tables."""

from typing import Any

from muniment.producers.log_codec import LogCodec
from muniment.producers.postgres import database
from muniment.producers.sealing.batches import CorruptBatch
from muniment.producers.sealing.log_reader import LogReader
from muniment.producers.signing import Signer
from muniment.schemas.checkpoints import CheckpointSigned
from muniment.schemas.errors import MunimentError
from muniment.schemas.proofs.checkpoints import Checkpoint, origin_of, parse_checkpoint
from muniment.schemas.proofs.leaves import LogRecord
from muniment.schemas.proofs.notes import parse_note, signer_of
from muniment.schemas.proofs.signatures import PublicKey
from muniment.schemas.record import Position, Record
from muniment.schemas.topics import AUDIT_CHECKPOINTS

_FROM = "select next_offset from muniment_sealing.adopted where partition = $1"
_TO = """
insert into muniment_sealing.adopted (partition, next_offset) values ($1, $2)
on conflict (partition) do update set next_offset = greatest(adopted.next_offset, excluded.next_offset)"""
_LOG = """
insert into muniment_sealing.logs (topic, partition) values ($1, $2)
on conflict (topic, partition) do update set topic = excluded.topic returning log_id"""
_KEEP = """
insert into muniment_sealing.checkpoints (log_id, size, root, next_offset, signed_at, key_id, note, position)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict (log_id, size) do update set position = coalesce(checkpoints.position, excluded.position)
returning root"""
_HALT = "update muniment_sealing.logs set halted = $2 where log_id = $1"


class Adopting:
    """Use it before anything is sealed."""

    def __init__(self, pool: Any, reader: LogReader, codec: LogCodec, signer: Signer) -> None:
        self._pool = pool
        self._reader = reader
        self._codec = codec
        self._signer = signer

    async def catch_up(self) -> list[str]:
        """Take in every checkpoint that the topic has and the tables have not; gives what is wrong with any.

        A log for which two different trees of one size were signed is halted: only a person can say which is true.
        What was not signed by a key of this installation, or is of another installation, is passed by, and told.

        Raises:
            StepFailure: `log_unavailable`, `database_unavailable`.

        """
        wrong: list[str] = []
        keys = self._signer.public_keys()
        for place, extent in (await self._reader.extents([AUDIT_CHECKPOINTS.name])).items():
            async with database():
                at = max(await self._pool.fetchval(_FROM, place[1]) or 0, extent.start)
            while at < extent.end:
                try:
                    leaves, after = await self._reader.read(place, at)
                except CorruptBatch as error:
                    # It says nothing any more; whoever audits is told, and what follows still counts.
                    wrong.append(f"{place[0]}:{place[1]}: {error}")
                    leaves, after = [], error.next_offset
                else:
                    if not leaves:
                        break
                for leaf in leaves:
                    if isinstance(leaf, LogRecord):
                        told = await self._adopt(leaf, keys)
                        wrong += [told] if told else []
                at = after
                async with database():
                    await self._pool.execute(_TO, place[1], at)
        return wrong

    async def _adopt(self, leaf: LogRecord, keys: tuple[PublicKey, ...]) -> str | None:
        position = Position(leaf.topic, leaf.partition, leaf.offset)
        found = await self._read(leaf, keys)
        if found is None:
            return f"{position} is no checkpoint that this installation signed"
        checkpoint, note, key = found
        async with database(), self._pool.acquire() as connection, connection.transaction():
            log_id = await connection.fetchval(_LOG, *checkpoint.log)
            head = checkpoint.head
            row = (head.size, head.root, checkpoint.next_offset, checkpoint.signed_at, key.key_id, note, str(position))
            if await connection.fetchval(_KEEP, log_id, *row) == head.root:
                return None
            told = f"two different trees of {head.size} leaves were signed; the other is at {position}"
            await connection.execute(_HALT, log_id, told)
            return told

    async def _read(self, leaf: LogRecord, keys: tuple[PublicKey, ...]) -> tuple[Checkpoint, str, PublicKey] | None:
        headers = tuple((name, value or b"") for name, value in leaf.headers)
        try:
            event = (await self._codec.decode(Record(leaf.topic, leaf.key or b"", leaf.value or b"", headers))).event
            if not isinstance(event, CheckpointSigned):
                return None
            note = parse_note(event.note)
            key, checkpoint = signer_of(note, keys), parse_checkpoint(note.text)
        except (MunimentError, ValueError):
            return None
        own = origin_of(self._signer.installation, *checkpoint.log)
        return (checkpoint, event.note, key) if key and checkpoint.origin == own else None
