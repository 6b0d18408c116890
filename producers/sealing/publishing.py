"""Tells of what was signed: as an event on the log, and in a place outside that this house cannot take back."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid5

from muniment.producers.log_codec import LogCodec
from muniment.producers.postgres import database
from muniment.producers.publisher import Publisher
from muniment.producers.sealing.comparing import name_of
from muniment.producers.sealing.places import Place
from muniment.producers.sealing.store import Finding
from muniment.producers.signing import Signer
from muniment.schemas.audit import HOUSE
from muniment.schemas.checkpoints import CheckpointSigned
from muniment.schemas.ids import NAMESPACE
from muniment.schemas.metadata import Metadata
from muniment.schemas.metrics import CHECKPOINTS_SIGNED
from muniment.schemas.proofs.checkpoints import parse_checkpoint
from muniment.schemas.proofs.notes import parse_note, signer_of, verifier_key
from muniment.schemas.proofs.signatures import PublicKey
from muniment.schemas.record import Position

SOURCE = "muniment.sealing"
BATCH = 200
_UNSAID = """
select c.log_id, l.topic, l.partition, c.size, c.root, c.next_offset, c.signed_at, c.key_id, c.note
from muniment_sealing.checkpoints c join muniment_sealing.logs l using (log_id)
where c.position is null and c.log_id = any($1) order by c.log_id, c.size limit $2"""
_SAID = "update muniment_sealing.checkpoints set position = $3 where log_id = $1 and size = $2"
_INSIDE = """
select l.log_id, l.topic, l.partition, last.size, last.note
from muniment_sealing.logs l
cross join lateral (
    select size, note, outside_at from muniment_sealing.checkpoints c
    where c.log_id = l.log_id order by size desc limit 1) last
where l.log_id = any($1) and last.outside_at is null and not exists (
    select from muniment_sealing.checkpoints c
    where c.log_id = l.log_id and c.outside_at > now() - make_interval(secs => $2)) and not exists (
    select from muniment_sealing.findings f
    where f.log_id = l.log_id and f.kind = 'contradicted' and f.first_offset = last.size)"""
_OUTSIDE = "update muniment_sealing.checkpoints set outside_at = now() where log_id = $1 and size = $2"


class Publishing:
    """`place` is where checkpoints go outside, the newest of a log at most every `every_s` seconds; `None`: nowhere."""

    def __init__(
        self,
        pool: Any,
        publisher: Publisher,
        codec: LogCodec,
        signer: Signer,
        *,
        place: Place | None = None,
        every_s: float = 300.0,
    ) -> None:
        self._pool = pool
        self._publisher = publisher
        self._codec = codec
        self._signer = signer
        self._place = place
        self._every_s = every_s
        self._keys: set[str] = set()

    async def tell(self, log_ids: Sequence[int]) -> None:
        """Publish every checkpoint that was signed and not told of yet.

        One that was, by somebody who was killed before it could be written down, is told of twice under one id.

        Raises:
            StepFailure: `log_unavailable`, `database_unavailable`; what is left waits for the next time.

        """
        while True:
            async with database():
                rows = await self._pool.fetch(_UNSAID, log_ids, BATCH)
            for row in rows:
                record = await self._publisher.send(await self._codec.encode(*_event(row)))
                assert record.partition is not None, "a published record has a place"
                assert record.offset is not None, "a published record has a place"
                position = Position(record.topic, record.partition, record.offset)
                async with database():
                    await self._pool.execute(_SAID, row["log_id"], row["size"], str(position))
                CHECKPOINTS_SIGNED.inc()
            if len(rows) < BATCH:
                return

    async def put_outside(self, log_ids: Sequence[int]) -> dict[int, Finding]:
        """Put the newest checkpoint of each log outside, when it is time; gives what lies there and contradicts it.

        The same tree, signed again after a loss of the tables, contradicts nothing: what lay there first stays.

        Raises:
            StepFailure: `blob_unavailable`, `disk_full`, `database_unavailable`.

        """
        findings: dict[int, Finding] = {}
        if self._place is None:
            return findings
        installation = self._signer.installation
        keys = self._signer.public_keys()
        for key in keys:
            if key.key_id not in self._keys:
                await self._place.put(f"{installation}/keys/{key.key_id}.vkey", f"{verifier_key(key)}\n".encode())
                self._keys.add(key.key_id)
        async with database():
            rows = await self._pool.fetch(_INSIDE, log_ids, self._every_s)
        for row in rows:
            if _installation(row["note"]) != installation:
                continue  # Only who can vouch for it puts it under its name.
            name = name_of(installation, row["topic"], row["partition"], row["size"])
            found = await self._place.put(name, row["note"].encode())
            if found is not None and (told := _contradicts(found, row["note"], keys)):
                detail = f"outside, {name} {told}"
                findings[row["log_id"]] = Finding("contradicted", row["size"], row["size"] + 1, detail)
                continue  # What was signed here does not lie there.
            async with database():
                await self._pool.execute(_OUTSIDE, row["log_id"], row["size"])
        return findings


def _installation(note: str) -> str:
    """Whose a note is; nobody's if it was written over, which is told of elsewhere."""
    try:
        return parse_checkpoint(parse_note(note).text).installation
    except ValueError:
        return ""


def _contradicts(found: bytes, own: str, keys: Sequence[PublicKey]) -> str:
    """How what lies outside denies a note of ours; empty when both say the same of the log."""
    try:
        note = parse_note(found.decode())
        there, here = parse_checkpoint(note.text), parse_checkpoint(parse_note(own).text)
    except ValueError:
        return "is no checkpoint that can be read"
    if signer_of(note, keys) is None:
        return "is not signed by a key of this installation"
    same = (there.origin, there.head) == (here.origin, here.head)
    return "" if same else "is a checkpoint of another tree of the same size"


def _event(row: Any) -> tuple[CheckpointSigned, Metadata]:
    log = f"{row['topic']}/{row['partition']}"
    event = CheckpointSigned(
        log=log,
        size=row["size"],
        root=row["root"].hex(),
        next_offset=row["next_offset"],
        signed_at=row["signed_at"],
        key_id=row["key_id"],
        note=row["note"],
    )
    event_id = uuid5(NAMESPACE, f"{SOURCE}/{log}/{row['size']}")
    return event, Metadata(event_id, HOUSE, event_id, event_id, row["signed_at"], SOURCE)
