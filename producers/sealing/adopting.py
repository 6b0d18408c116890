"""Reads the topic of checkpoints back: what was signed before is binding, also after a loss of the tables."""

from typing import Any

from muniment.producers.log_codec import LogCodec
from muniment.producers.postgres import database
from muniment.producers.sealing.batches import CorruptBatch
from muniment.producers.sealing.log_reader import Extent, LogReader, Place
from muniment.producers.sealing.store import Finding
from muniment.producers.signing import Signer
from muniment.schemas.checkpoints import CheckpointSigned
from muniment.schemas.error_codes import ErrorCode
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
returning root, xmax = 0 as made"""
_KEPT = """
select c.root from muniment_sealing.checkpoints c join muniment_sealing.logs l using (log_id)
where l.topic = $1 and l.partition = $2 and c.size = $3 and c.position is not null"""
_HALT = "update muniment_sealing.logs set halted = $2 where log_id = $1"


AGAIN = 1000
"""So many records of each partition are read once more by whoever begins: what they tell may have been taken out."""
Found = tuple[Place, Finding]


class Adopting:
    """Use it before anything is sealed, and then to look at what comes."""

    def __init__(self, pool: Any, reader: LogReader, codec: LogCodec, signer: Signer) -> None:
        self._pool = pool
        self._reader = reader
        self._codec = codec
        self._signer = signer
        self._at: dict[Place, int] = {}

    async def catch_up(self) -> list[Found]:
        """Take in every checkpoint that the topic has and the tables have not; gives what is wrong, and with what.

        A log for which two different trees of one size were signed is halted: only a person can say which is true.
        What this installation did not sign is passed by, and found: anybody who writes to the broker can put it there.

        Raises:
            StepFailure: `log_unavailable`, `database_unavailable`.

        """
        out: list[Found] = []
        keys = self._signer.public_keys()
        for place, extent in (await self._reader.extents([AUDIT_CHECKPOINTS.name])).items():
            async with database():
                known_to = await self._pool.fetchval(_FROM, place[1]) or 0
            at = self._begin(place, extent, known_to)
            while at < extent.end:
                try:
                    leaves, after = await self._reader.read(place, at)
                except CorruptBatch as error:
                    # It says nothing any more; whoever audits is told, and what follows still counts.
                    _tell(out, place, Finding("corrupt", error.offset, error.next_offset, str(error)))
                    leaves, after = [], error.next_offset
                else:
                    if not leaves:
                        break
                for leaf in leaves:
                    if isinstance(leaf, LogRecord):
                        for where, finding in await self._adopt(leaf, keys, read_before=leaf.offset < known_to):
                            _tell(out, where, finding)
                at = self._at[place] = after
                async with database():
                    await self._pool.execute(_TO, place[1], at)
        return out

    def _begin(self, place: Place, extent: Extent, known_to: int) -> int:
        """Where to read on; a topic that is shorter than it was is another one, and read from its beginning."""
        at = self._at.get(place, max(0, known_to - AGAIN) if known_to <= extent.end else 0)
        return max(extent.start, at if at <= extent.end else 0)

    async def _adopt(self, leaf: LogRecord, keys: tuple[PublicKey, ...], *, read_before: bool) -> list[Found]:
        position = Position(leaf.topic, leaf.partition, leaf.offset)
        found = await self._read(leaf, keys)
        if isinstance(found, Finding):
            # What was read before was judged then, and perhaps by a host that has another key file.
            return [] if read_before else [((leaf.topic, leaf.partition), found)]
        checkpoint, note, key = found
        head = checkpoint.head
        async with database():
            if await self._pool.fetchval(_KEPT, *checkpoint.log, head.size) == head.root:
                return []
        async with database(), self._pool.acquire() as connection, connection.transaction():
            log_id = await connection.fetchval(_LOG, *checkpoint.log)
            row = (head.size, head.root, checkpoint.next_offset, checkpoint.signed_at, key.key_id, note, str(position))
            kept = await connection.fetchrow(_KEEP, log_id, *row)
            if kept["root"] != head.root:
                told = f"two different trees of {head.size} leaves were signed; the other is at {position}"
                await connection.execute(_HALT, log_id, told)
                return [(checkpoint.log, Finding("contradicted", head.size, head.size + 1, told))]
        if kept["made"] and read_before:
            told = f"the checkpoint of {head.size} leaves at {position} was kept here, and was taken out"
            return [(checkpoint.log, Finding("taken_out", head.size, head.size + 1, told))]
        return []

    async def _read(self, leaf: LogRecord, keys: tuple[PublicKey, ...]) -> tuple[Checkpoint, str, PublicKey] | Finding:
        headers = tuple((name, value or b"") for name, value in leaf.headers)
        try:
            event = (await self._codec.decode(Record(leaf.topic, leaf.key or b"", leaf.value or b"", headers))).event
            if not isinstance(event, CheckpointSigned):
                return _forged(leaf, "no checkpoint")
            note = parse_note(event.note)
            key, checkpoint = signer_of(note, keys), parse_checkpoint(note.text)
        except (MunimentError, ValueError) as error:
            if isinstance(error, MunimentError) and error.code is ErrorCode.DATABASE_UNAVAILABLE:
                raise  # It says nothing of the record.
            return _forged(leaf, "no checkpoint")
        own = self._signer.installation
        if checkpoint.installation != own:
            told = f"a checkpoint of installation {checkpoint.installation}; the signing-key file here is of {own}"
            return Finding("other_installation", leaf.offset, leaf.offset + 1, told)
        if key is None:
            return _forged(leaf, "a checkpoint that no key of this installation signed")
        said = (event.log, event.size, event.root, event.next_offset, event.signed_at, event.key_id)
        topic, partition = checkpoint.log
        head, log = checkpoint.head, f"{topic}/{partition}"
        meant = (log, head.size, head.root.hex(), checkpoint.next_offset, checkpoint.signed_at, key.key_id)
        if checkpoint.origin != origin_of(own, topic, partition) or said != meant:
            return _forged(leaf, "a checkpoint that says something else than the note in it that was signed")
        return checkpoint, event.note, key


def _forged(leaf: LogRecord, what: str) -> Finding:
    return Finding("forged", leaf.offset, leaf.offset + 1, f"{what}: somebody else has written it")


def _tell(out: list[Found], place: Place, finding: Finding) -> None:
    """A stretch of the same is one finding, however much of it somebody writes."""
    where, last = out[-1] if out else (None, finding)
    if where == place and (last.kind, last.detail, last.next_offset) == (
        finding.kind,
        finding.detail,
        finding.first_offset,
    ):
        finding = Finding(last.kind, last.first_offset, finding.next_offset, last.detail)
        out.pop()
    out.append((place, finding))
