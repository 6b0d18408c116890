"""A process that holds a projection's turn while Postgres works for it, so that a kill finds both. Not a test.

Arguments: database, projection.
"""

import asyncio
import sys

from muniment.projections.database import connect
from muniment.projections.replaying.turn import turn


async def main(database_url: str, name: str) -> None:
    """Hold it, and say so."""
    connection = await connect(database_url, f"replay {name}")
    async with turn(connection, name, patient=False):
        sys.stdout.write("held\n")
        sys.stdout.flush()
        # As long as an index of a large table takes: nobody reads from the client meanwhile.
        await connection.execute("select pg_sleep(120)")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
