"""The key that commands in the folder of a stack use."""

import stat
from pathlib import Path

import asyncpg

from muniment.api.key_store import PostgresKeyStore
from muniment.api.keys import Scope, revoke_key
from muniment.infra.stack.api_key import ensure_key, key_file


async def test_a_key_is_made_once_and_kept(database_url: str, tmp_path: Path) -> None:
    """In a file that only we can read; it opens everything of the tenant `default`."""
    token = await ensure_key(tmp_path, database_url)
    assert await ensure_key(tmp_path, database_url) == token
    assert key_file(tmp_path).read_text().strip() == token
    assert stat.S_IMODE(key_file(tmp_path).stat().st_mode) == 0o600
    async with asyncpg.create_pool(database_url, min_size=1, max_size=1) as pool:
        found = await PostgresKeyStore(pool).find(token)
    assert found is not None
    assert (found.tenant, found.scopes) == ("default", frozenset(Scope))


async def test_a_key_that_the_database_does_not_know_is_replaced(database_url: str, tmp_path: Path) -> None:
    """After the database was made anew, or the file was spoiled."""
    for spoiled in ("mun_unknown_key", "", "no token at all\n"):
        key_file(tmp_path).parent.mkdir(parents=True, exist_ok=True)
        key_file(tmp_path).write_text(spoiled)
        token = await ensure_key(tmp_path, database_url)
        assert token != spoiled.strip()
        assert key_file(tmp_path).read_text().strip() == token


async def test_a_revoked_key_is_replaced(database_url: str, tmp_path: Path) -> None:
    """Whoever revoked it: the stack's own commands go on."""
    token = await ensure_key(tmp_path, database_url)
    connection = await asyncpg.connect(database_url)
    await revoke_key(connection, token.split("_")[1])
    await connection.close()
    assert await ensure_key(tmp_path, database_url) != token
