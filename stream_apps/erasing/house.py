"""What our own tables, files and memories hold of a document, beside the read models."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from muniment.producers import kept_answers
from muniment.producers.claims import Claims
from muniment.producers.embedding.paid import begun_at
from muniment.producers.postgres import database
from muniment.producers.subjects import Subjects
from muniment.stream_apps.erasing.stores import About, Erased, Forgotten
from muniment.stream_apps.parking.withdrawing import withdraw

_KEYS = """
select count(*) from muniment_keys.data_keys where tenant = $1 and document_id = any($2) and destroyed_at is null"""
_CLAIMS = "select count(*) from muniment_claims.claims where tenant = $1 and document_id = any($2)"
_JOBS = """
select distinct split_part(kind, '/', 1)::uuid as job_id from muniment_claims.claims
where tenant = $1 and document_id = $2 and created_at < $3
union select command_id from muniment_deciding.inbox i where document_id = $2 and decided_at < $3
    and exists (select from muniment_deciding.state s where s.tenant = $1 and s.document_id = $2)"""
_WAITING = "select count(*) from muniment_parking.records where tenant = $1 and key = any($2)"
_PATCHED = """
select count(*) from muniment_operating.letters where tenant = $1 and document_id = any($2) and edited is not null"""
_UNPATCH = """
update muniment_operating.letters l set edited = null, edited_key = null from muniment_keys.data_keys k
where l.tenant = $1 and k.tenant = $1 and k.document_id = any($2) and k.destroyed_at is not null
    and l.edited_key = k.key_id"""
_UNCOUNT = """
delete from muniment_indexing.{table} x using muniment_deciding.state s
where x.tenant = $1 and x.document_id = any($2) and s.tenant = $1 and s.document_id = x.document_id
    and x.version <= (s.state ->> 'deleted')::bigint"""
# A command is its tenant's by its header: ids of documents are not one tenant's alone.
_DRAINED = """
from muniment_access.outbox where key = any($2) and position is not null and exists (
    select from jsonb_array_elements(headers) h where h ->> 0 = 'tenant' and h ->> 1 = $1)"""


async def forget_edits(pool: Any, tenant: str, owners: Sequence[UUID]) -> None:
    """Let go of edited dead letters that were sealed for these documents or drafts, whose keys are gone."""
    async with database():
        await pool.execute(_UNPATCH, tenant, list(owners))


class KeyStore:
    """The data keys themselves; they are destroyed before any store is asked."""

    name = "keys"

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def count(self, what: About) -> int:
        """See `Store.count`."""
        async with database():
            return int(await self._pool.fetchval(_KEYS, what.tenant, list(what.documents)))

    async def erase(self, what: Forgotten) -> Erased:
        """See `Store.erase`."""
        del what
        return Erased(note="the log stays as it was: what lies on it under these keys cannot be read by anybody")


class PersonStore:
    """Which person a document was about."""

    name = "persons"

    def __init__(self, subjects: Subjects) -> None:
        self._subjects = subjects

    async def count(self, what: About) -> int:
        """See `Store.count`."""
        return await self._subjects.count(what.tenant, what.documents)

    async def erase(self, what: Forgotten) -> Erased:
        """See `Store.erase`."""
        await self._subjects.forget(what.tenant, what.documents, what.told_at)
        return Erased()


class BlobsStore:
    """Uploads and extracted texts, by their claims."""

    name = "blobs"

    def __init__(self, pool: Any, claims: Claims) -> None:
        self._pool, self._claims = pool, claims

    async def count(self, what: About) -> int:
        """See `Store.count`."""
        async with database():
            return int(await self._pool.fetchval(_CLAIMS, what.tenant, list(what.documents)))

    async def erase(self, what: Forgotten) -> Erased:
        """See `Store.erase`. The jobs are closed: what a step of theirs still stores is not kept."""
        removed = shared = 0
        for document in what.documents:
            async with database():
                rows = await self._pool.fetch(_JOBS, what.tenant, document, what.told_at)
            for row in rows:
                released = await self._claims.close(what.tenant, document, row["job_id"])
                removed, shared = removed + released.removed, shared + released.shared
        note = f"{removed} blobs deleted"
        return Erased(shared, f"{note}; a blob that another document holds too stays for it" if shared else note)


class WorkStore:
    """Records that waited behind others, edits of dead letters, counts of batches: all of it sealed, or numbers."""

    name = "work under way"

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def count(self, what: About) -> int:
        """See `Store.count`."""
        async with database():
            parked = await self._pool.fetchval(_WAITING, what.tenant, _texts(what.documents))
            return int(parked) + int(await self._pool.fetchval(_PATCHED, what.tenant, list(what.documents)))

    async def erase(self, what: Forgotten) -> Erased:
        """See `Store.erase`."""
        async with database():
            for table in ("batches", "totals"):
                await self._pool.execute(_UNCOUNT.format(table=table), what.tenant, list(what.documents))
        waiting = await withdraw(self._pool, what.tenant, what.documents)
        await forget_edits(self._pool, what.tenant, what.documents)
        note = "jobs in work were ended; copies for a retry and dead letters lie sealed under the keys"
        ends = "; parked records that something waits for stay until their turn, sealed under the same keys"
        return Erased(waiting, f"{note}{ends}" if waiting else note)


class AnswerStore:
    """Kept answers to requests with an Idempotency-Key, and commands that waited for the log."""

    name = "answers to requests"

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def count(self, what: About) -> int:
        """See `Store.count`."""
        async with database():
            sent = await self._pool.fetchval(f"select count(*) {_DRAINED}", what.tenant, _texts(what.documents))
        return await kept_answers.holding(self._pool, what.tenant, what.documents) + int(sent)

    async def erase(self, what: Forgotten) -> Erased:
        """See `Store.erase`. The answers stay, so that a repeated request does not submit the document again."""
        await kept_answers.blank(self._pool, what.tenant, what.documents)
        async with database():
            await self._pool.execute(f"delete {_DRAINED}", what.tenant, _texts(what.documents))
        return Erased(note="names and words taken out of kept answers")


class PaidStore:
    """Files of vectors that were paid for a moment ago: every process drops its own when it hears of the erasure."""

    name = "vector files"
    LONGEST_S = 20.0
    CLOCKS_S = 1.0
    """How far the database's clock may go before that of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def count(self, what: About) -> int:
        """See `Store.count`: a file does not say whose vectors are in it."""
        del what
        return 0

    async def erase(self, what: Forgotten) -> Erased:
        """See `Store.erase`: wait until no file that was begun while there were keys is there any more."""
        if what.keyless_at is None:
            return Erased(note="no key was left to destroy: nothing of these documents can have been asked for")
        left, moment = 0, what.keyless_at.timestamp() - self.CLOCKS_S
        for _ in range(int(self.LONGEST_S / 0.5)):
            left = await asyncio.to_thread(self._begun_before, moment)
            if not left:
                return Erased(note="every process has dropped its files; elsewhere within two seconds, too")
            await asyncio.sleep(0.5)
        return Erased(note=f"{left} files belong to processes that have not answered: they go within 30 minutes")

    def _begun_before(self, moment: float) -> int:
        return sum(begun_at(path) < moment for path in self._folder.rglob("*") if path.is_file())


class ToldStore:
    """What holds nothing that could be counted, and why nothing of a document stays there."""

    def __init__(self, name: str, note: str) -> None:
        self.name, self._note = name, note

    async def count(self, what: About) -> int:
        """See `Store.count`."""
        del what
        return 0

    async def erase(self, what: Forgotten) -> Erased:
        """See `Store.erase`."""
        del what
        return Erased(note=self._note)


TOLD = (
    ToldStore("log", "Kafka's segments hold ciphertext; retry and dead-letter copies are sealed under the same keys"),
    ToldStore("memory", "cached keys are out of use a second after their destruction; open streams tell states only"),
    ToldStore(
        "backups", "a restored key store is held against the log, on which this erasure stays (muniment keys restore)"
    ),
)


def _texts(documents: Sequence[UUID]) -> list[bytes]:
    return [str(document).encode() for document in documents]
