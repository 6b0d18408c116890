"""Whether the views that readers use are the projection's own: rows may be right, and yet be shown as others."""

from muniment.projections import live
from muniment.projections.projection import Connection, Projection

_DEFINITION = "select pg_get_viewdef(to_regclass($1))"
_TRIES = 10


async def changed_views(connection: Connection, projection: Projection, scratch: str) -> tuple[str, ...]:
    """The views in schema `read` that are defined otherwise than this program defines them; none while they move.

    Args:
        connection: Idle.
        projection: Whose views.
        scratch: A schema with the tables of the projection: there its views are made, looked at, and rolled back.

    """
    transaction = connection.transaction()
    await transaction.start()
    try:
        wanted = {}
        for name, query in live.views(projection, scratch).items():
            await connection.execute(f'create view {scratch}."view {name}" as {query}')
            wanted[name] = await connection.fetchval(_DEFINITION, f'{scratch}."view {name}"')
    finally:
        await transaction.rollback()
    for _ in range(_TRIES):
        schema = await live.live_schema(connection, projection.name)
        found = {name: await connection.fetchval(_DEFINITION, f"read.{name}") for name in wanted}
        # A switch in between has led the views elsewhere.
        if schema == await live.live_schema(connection, projection.name):
            return tuple(n for n, text in wanted.items() if found[n] != text.replace(f"{scratch}.", f"{schema}."))
    return ()
