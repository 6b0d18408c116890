"""The key that commands in the folder of a stack use: made once, for the tenant `default`, kept in a private file."""

from pathlib import Path

import asyncpg

from muniment.api.key_store import PostgresKeyStore
from muniment.api.keys import Scope, create_key
from muniment.infra.acting import Act, entering
from muniment.infra.stack.record import write_private

TENANT = "default"


def key_file(home: Path) -> Path:
    """Where the key lies."""
    return home / "run" / "secrets" / "api_key"


async def ensure_key(home: Path, database_url: str) -> str:
    """The key, made anew when there is none or the database does not know it (any more)."""
    file = key_file(home)
    async with asyncpg.create_pool(database_url, min_size=1, max_size=1) as pool:
        if file.exists():
            token = file.read_text().strip()
            if await PostgresKeyStore(pool).find(token):
                return token
        # No broker is waited for here: the API brings the entries to the log when it starts.
        with entering(home / "trail", Act("key.create", "key", tenant=TENANT, reason="muniment up")) as act:
            made = await create_key(pool, tenant=TENANT, name="muniment up", scopes=list(Scope))
            act.entity = made.key.key_id
    write_private(file, made.token)
    return made.token
