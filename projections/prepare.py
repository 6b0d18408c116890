"""Make every read model's tables and views, so that readers may start before the first fold."""

from muniment.projections import live
from muniment.projections.database import connect
from muniment.projections.registry import DEFAULT_DIMENSIONS, PROJECTIONS


async def prepare(database_url: str, dimensions: int = DEFAULT_DIMENSIONS) -> dict[str, str]:
    """The live schema of each projection, made now where there is none. Safe to run again and side by side."""
    connection = await connect(database_url, "prepare")
    try:
        return {name: await live.ensure(connection, make(dimensions)) for name, make in PROJECTIONS.items()}
    finally:
        await connection.close()
