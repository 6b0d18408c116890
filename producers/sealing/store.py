"""The tables of `muniment_sealing`, as the sealer changes them.

Every change is one transaction, and takes the row of its log first: whoever believes to be the only one and is not is
refused, whatever became of its lock.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from muniment.producers.postgres import database
from muniment.producers.signing import Signer
from muniment.schemas.proofs.checkpoints import Checkpoint, origin_of, parse_checkpoint
from muniment.schemas.proofs.leaves import Gap
from muniment.schemas.proofs.merkle import Head
from muniment.schemas.proofs.notes import format_note, parse_note
from muniment.schemas.proofs.tiles import Growing, Tile, edge

_NEW = "insert into muniment_sealing.logs (topic, partition) values ($1, $2) on conflict do nothing"
_LOG = """
select l.log_id, l.size, l.next_offset, l.halted, coalesce(max(c.size) filter (where c.size <= l.size), 0) as signed
from muniment_sealing.logs l left join muniment_sealing.checkpoints c using (log_id)
where topic = $1 and partition = $2 group by l.log_id"""
_SEALED = """
select topic, partition from muniment_sealing.logs l where topic = any($1) and (
    size > 0 or exists (select from muniment_sealing.checkpoints c where c.log_id = l.log_id))"""
_KNOWN = "select size, root from muniment_sealing.checkpoints where log_id = $1 and size > $2 order by size"
_EDGE = """
select level, number, hashes from muniment_sealing.tiles
where log_id = $1 and (level, number) in (select * from unnest($2::smallint[], $3::bigint[]))"""
_ADVANCE = """
update muniment_sealing.logs set size = $3, next_offset = $4
where log_id = $1 and size = $2 and halted is null returning log_id"""
_TILE = """
insert into muniment_sealing.tiles (log_id, level, number, hashes) values ($1, $2, $3, $4)
on conflict (log_id, level, number) do update set hashes = excluded.hashes"""
_GAP = """
insert into muniment_sealing.gaps (log_id, leaf_index, first_offset, next_offset, reason)
values ($1, $2, $3, $4, $5)"""
_LOCK = "select size, next_offset from muniment_sealing.logs where log_id = $1 and halted is null for update"
_LAST = "select size, note from muniment_sealing.checkpoints where log_id = $1 order by size desc limit 1"
_SIGNED = """
insert into muniment_sealing.checkpoints (log_id, size, root, next_offset, signed_at, key_id, note)
values ($1, $2, $3, $4, $5, $6, $7)"""
_FINDING = """
insert into muniment_sealing.findings (log_id, kind, first_offset, next_offset, detail) values ($1, $2, $3, $4, $5)
on conflict (log_id, kind, first_offset) do update
set next_offset = excluded.next_offset, detail = excluded.detail,
    acknowledged_at = null, acknowledged_by = null, reason = null
where findings.acknowledged_at is not null
    and (excluded.next_offset > findings.next_offset
        or excluded.kind = 'tree_above' and excluded.detail <> findings.detail) returning log_id"""
# What lies above the leaves has no place of its own on the log: what is said of it tells one from another.
_ACKNOWLEDGE = """
update muniment_sealing.findings f set acknowledged_at = $5, acknowledged_by = $6, reason = $7
from muniment_sealing.logs l where l.log_id = f.log_id and f.acknowledged_at is null
    and l.topic = $1 and l.partition = $2 and f.first_offset = $3 and ($4 = '' or f.kind = $4)
returning f.kind, f.first_offset, f.next_offset, f.detail"""
_HALT = "update muniment_sealing.logs set halted = $2 where log_id = $1"
_TOP = """
select l.log_id, coalesce((select max(size) from muniment_sealing.checkpoints c where c.log_id = l.log_id), 0) as size
from muniment_sealing.logs l where l.log_id = any($1)"""
_COUNTS = """
select (select count(*) from muniment_sealing.findings where acknowledged_at is null) as findings,
       (select count(*) from muniment_sealing.logs where halted is not null) as halted"""


class Overtaken(Exception):
    """Somebody else has gone on with this log: what was known of it is old."""


class OtherInstallation(Exception):
    """What was signed last is another installation's: one log is not signed by two."""


class TakenOut(Exception):
    """The checkpoint that this very sealer has signed last, or begun from, is not kept any more."""


@dataclass(slots=True)
class Log:
    """The sealed part of one partition.

    `signed` is the size of the newest checkpoint; `known` the roots that were signed for sizes it has yet to reach,
    which is so when these tables were lost and are filled anew. `short` counts rounds in which the log ended too
    soon, or was not there at all.
    """

    log_id: int
    topic: str
    partition: int
    tree: Growing
    next_offset: int
    signed: int
    known: dict[int, bytes]
    halted: str | None = None
    short: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """Something on the log that is not as it was sealed: what kind, which offsets, and how it shows."""

    kind: str
    first_offset: int
    next_offset: int
    detail: str


class SealingStore:
    """See the module. Every call raises `StepFailure(database_unavailable)` when Postgres is away."""

    def __init__(self, pool: Any, now: Callable[[], datetime]) -> None:
        self._pool = pool
        self._now = now

    async def open(self, topic: str, partition: int) -> Log:
        """A log as far as it is sealed; a new one is empty."""
        async with database(), self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_NEW, topic, partition)
            row = await connection.fetchrow(_LOG, topic, partition)
            log_id, size, next_offset, halted, signed = row
            wanted = edge(size)
            found = await connection.fetch(_EDGE, log_id, [tile[0] for tile in wanted], [tile[1] for tile in wanted])
            tiles = {(one["level"], one["number"]): one["hashes"] for one in found}
            known = {one["size"]: one["root"] for one in await connection.fetch(_KNOWN, log_id, size)}
        return Log(log_id, topic, partition, Growing(size, tiles), next_offset, signed, known, halted)

    async def sealed(self, topics: Collection[str]) -> list[tuple[str, int]]:
        """The partitions of these topics of which anything was sealed or signed."""
        async with database():
            return [tuple(row) for row in await self._pool.fetch(_SEALED, list(topics))]

    async def append(
        self, log: Log, before: int, tiles: Mapping[Tile, bytes], gaps: Sequence[tuple[int, Gap]], next_offset: int
    ) -> None:
        """Keep what was appended to the tree since it had `before` leaves. Raises `Overtaken`."""
        async with database(), self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(_ADVANCE, log.log_id, before, log.tree.size, next_offset) is None:
                raise Overtaken
            await connection.executemany(_TILE, [(log.log_id, *tile, hashes) for tile, hashes in tiles.items()])
            rows = [(log.log_id, index, gap.offset, gap.next_offset, gap.reason.value) for index, gap in gaps]
            await connection.executemany(_GAP, rows)
        log.next_offset = next_offset

    async def sign(self, log: Log, signer: Signer) -> None:
        """Sign the tree as it is, unless a checkpoint of its size, or of a larger one, is there.

        Raises:
            Overtaken: Somebody else has gone on.
            OtherInstallation: The signing-key file here is not the one that the log was signed with.
            TakenOut: The chain ends before what is known to be signed, or in what is no note; going on would hide that.

        """
        head = log.tree.head()
        async with database(), self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(_LOCK, log.log_id)
            if row is None or tuple(row) != (head.size, log.next_offset):
                raise Overtaken
            last = await connection.fetchrow(_LAST, log.log_id)
            if (last["size"] if last else 0) < log.signed:
                raise TakenOut
            if last is None or last["size"] < head.size:
                previous = _previous(last["note"]) if last else None
                origin = origin_of(signer.installation, log.topic, log.partition)
                if previous is not None and previous.origin != origin:
                    raise OtherInstallation(_refusal(previous, signer))
                await connection.execute(_SIGNED, log.log_id, *self._signed(origin, head, log, previous, signer))
                log.signed = head.size

    def _signed(
        self, origin: str, head: Head, log: Log, previous: Checkpoint | None, signer: Signer
    ) -> tuple[object, ...]:
        now = self._now().replace(microsecond=0)
        # A clock that was set back must not make the chain tell another order.
        moment = max(now, previous.signed_at) if previous else now
        text = Checkpoint(origin, head, log.next_offset, moment, previous.digest if previous else None).text
        signature = signer.sign_note(text)
        public = next(key.value for key in signer.public_keys() if key.key_id == signature.key_id)
        note = format_note(text, signature, public)
        return head.size, head.root, log.next_offset, moment, signature.key_id, note

    async def find(self, log: Log, finding: Finding) -> bool:
        """Keep a finding; whether it is a new one, or says more than what was acknowledged of it."""
        row = (finding.kind, finding.first_offset, finding.next_offset, finding.detail)
        async with database():
            return await self._pool.fetchval(_FINDING, log.log_id, *row) is not None

    async def acknowledge(self, place: tuple[str, int, int], *, kind: str, actor: str, reason: str) -> list[Finding]:
        """Somebody has looked into what was found at this place: of this kind, or all. Gives what that ends alerts of.

        Nothing is removed, and what halts a partition still halts it.
        """
        async with database():
            rows = await self._pool.fetch(_ACKNOWLEDGE, *place, kind, self._now(), actor, reason)
        return [Finding(*row) for row in rows]

    async def halt(self, log: Log, why: str) -> None:
        """Seal no more of this log."""
        log.halted = why
        async with database():
            await self._pool.execute(_HALT, log.log_id, why)

    async def shortened(self, logs: Collection[Log]) -> list[Log]:
        """Those of which less is kept as signed than is known here to be."""
        async with database():
            rows = await self._pool.fetch(_TOP, [log.log_id for log in logs])
        top = {row["log_id"]: row["size"] for row in rows}
        return [log for log in logs if top.get(log.log_id, log.signed) < log.signed]

    async def counts(self) -> tuple[int, int]:
        """How many findings there are that nobody has acknowledged, and how many logs are halted."""
        async with database():
            row = await self._pool.fetchrow(_COUNTS)
        return row["findings"], row["halted"]


def _previous(note: str) -> Checkpoint:
    try:
        return parse_checkpoint(parse_note(note).text)
    except ValueError:
        # Somebody has written over it, which is told (`tree_above`); what lies outside is as it was.
        raise TakenOut from None


def _refusal(previous: Checkpoint, signer: Signer) -> str:
    told = f"signed by installation {previous.installation}, and the signing-key file here is of {signer.installation}"
    return f"{told}: nothing is signed; put the file of {previous.installation} at MUNIMENT_SIGNING_KEYS of this host"
