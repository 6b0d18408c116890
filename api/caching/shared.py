"""The layer that all instances share, and who knows whether an answer still holds: on Postgres."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol
from uuid import UUID

from muniment.projections.generations import CURRENT, KEPT, generations

KEPT_FOR = timedelta(hours=24)
SWEPT_AT_ONCE = 1000
_FETCH = "select value from muniment_caching.answers where name = $1 and expires_at > now()"
# Only as long as nothing has changed: an answer from before an erasure must not come in after its store was emptied.
_STORE = f"""
insert into muniment_caching.answers (name, tenant, kind, generation, value, documents, expires_at)
select $1::bytea, $2::text, $3::text, $4::text, $5::bytea, $6::uuid[], now() + $7::interval
where $4::text = '' or $4 = {CURRENT.format(tenant="$2", kept="$8")}
on conflict (name) do update set value = excluded.value, expires_at = excluded.expires_at"""
_SWEEP = """
delete from muniment_caching.answers where ctid = any(array(
    select a.ctid from muniment_caching.answers a
    where a.expires_at <= now() or a.generation <> '' and a.generation <> all($1::text[]) and a.tenant = any($2::text[])
    limit $3))"""
_TENANTS = "select distinct tenant from muniment_caching.answers where generation <> ''"


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer as it is kept.

    Attributes:
        name: Under which it is asked for.
        tenant: Whose it is.
        kind: What sort it is.
        generation: Of the read models that it was made from; empty when it depends on none.
        value: The answer.
        documents: What it holds something of.

    """

    name: bytes
    tenant: str
    kind: str
    generation: str
    value: bytes
    documents: Sequence[UUID] = ()


class Shared(Protocol):
    """The port to the shared layer. Any exception means that it is away; callers go on without it."""

    async def generations(self, tenants: Collection[str]) -> Mapping[str, str]:
        """The generation of what readers see of each of these tenants now."""
        ...

    async def fetch(self, name: bytes) -> bytes | None:
        """The answer of that name, if it is there and not too old."""
        ...

    async def store(self, answer: Stored) -> None:
        """Keep an answer for everybody, for a day."""
        ...

    async def sweep(self) -> None:
        """Remove some of what is too old, or does not hold any more."""
        ...


class PostgresShared:
    """See `Shared`."""

    def __init__(self, pool: Any, *, kept_for: timedelta = KEPT_FOR) -> None:
        self._pool = pool
        self._kept_for = kept_for

    async def generations(self, tenants: Collection[str]) -> Mapping[str, str]:
        """See `Shared.generations`."""
        return await generations(self._pool, tenants)

    async def fetch(self, name: bytes) -> bytes | None:
        """See `Shared.fetch`."""
        found: bytes | None = await self._pool.fetchval(_FETCH, name)
        return found

    async def store(self, answer: Stored) -> None:
        """See `Shared.store`; an answer that a change has overtaken is not kept."""
        await self._pool.execute(
            _STORE,
            answer.name,
            answer.tenant,
            answer.kind,
            answer.generation,
            answer.value,
            list(answer.documents),
            self._kept_for,
            list(KEPT),
        )

    async def sweep(self) -> None:
        """See `Shared.sweep`."""
        tenants = [row["tenant"] for row in await self._pool.fetch(_TENANTS)]
        hold = list((await self.generations(tenants)).values()) if tenants else []
        await self._pool.execute(_SWEEP, hold, tenants, SWEPT_AT_ONCE)
