"""How often what readers see of a tenant has changed: the number that tells whether a kept answer still holds.

It is raised in the very transaction in which a fold changes rows, as its last statement: whoever reads a generation
sees rows at least as new. So an answer that was begun after the generation was read is never older than it, and as long
as the generation is the same nothing has changed since.
"""

from collections.abc import Collection, Iterable

from muniment.projections.projection import Connection

KEPT = ("chunks", "documents", "predictions", "projects")
"""The read models that kept answers are made from; a switch to a rebuilt one of them ends all answers."""
_RAISE = """
insert into muniment_caching.generations (tenant, generation) select t, 1 from unnest($1::text[]) t
on conflict (tenant) do update set generation = generations.generation + 1"""
CURRENT = """
coalesce((select generation from muniment_caching.generations where tenant = {tenant}), 0) || ' ' || coalesce((
    select string_agg(schema || '@' || extract(epoch from switched_at), ' ' order by projection)
    from read.live where projection = any({kept})), '')"""
"""The generation of a tenant, in SQL: how often folds changed something, and which versions of the models are read."""
_READ = f"select t as tenant, {CURRENT.format(tenant='t', kept='$2')} as generation from unnest($1::text[]) t"  # noqa: S608


async def raised(connection: Connection, tenants: Iterable[str]) -> None:
    """What readers see of these tenants changes with this transaction."""
    # In one order everywhere, so that two folds wait for each other and do not deadlock.
    await connection.execute(_RAISE, sorted(set(tenants)))


async def generations(connection: Connection, tenants: Collection[str]) -> dict[str, str]:
    """The generation of each of these tenants; equal texts mean that nothing has changed."""
    rows = await connection.fetch(_READ, list(tenants), list(KEPT))
    return {row["tenant"]: row["generation"] for row in rows}
