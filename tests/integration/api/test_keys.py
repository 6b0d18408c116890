"""API keys in Postgres: only hashes are kept, and a revocation is seen soon."""

import asyncpg
import pytest

from muniment.api.key_store import CACHE_S, PostgresKeyStore
from muniment.api.keys import Scope, create_key, ensure_key, list_keys, new_token, revoke_key


@pytest.fixture
async def connection(database_url):
    made = await asyncpg.connect(database_url)
    yield made
    await made.close()


async def test_a_revoked_key_is_refused_within_five_seconds(connection):
    """The cache is what delays it, and it is shorter than that."""
    now = [0.0]
    store = PostgresKeyStore(connection, clock=lambda: now[0])
    made = await create_key(connection, tenant="acme", name="test", scopes=[Scope.SEARCH])
    assert (await store.find(made.token)).tenant == "acme"
    assert await revoke_key(connection, made.key.key_id)
    assert not await revoke_key(connection, made.key.key_id)
    now[0] += CACHE_S + 0.01
    assert CACHE_S < 5
    assert await store.find(made.token) is None


async def test_the_secret_is_nowhere_in_the_database(connection):
    """A row holds a hash; the wrong secret of a right id is refused."""
    made = await create_key(connection, tenant="acme", name="test", scopes=[Scope.ADMIN])
    secret = made.token.split("_")[2]
    row = await connection.fetchrow("select * from muniment_access.api_keys")
    assert secret not in str(dict(row))
    assert secret.encode() not in row["secret_hash"]
    store = PostgresKeyStore(connection)
    assert await store.find(made.token[:-1] + ("0" if made.token[-1] != "0" else "1")) is None
    (listed,) = await list_keys(connection, "acme")
    assert listed.key_id == made.key.key_id
    assert await list_keys(connection, "umbrella") == []


async def test_a_given_token_is_made_a_key_once(connection):
    """The stack's own key survives its restarts, and stays revoked when somebody revoked it."""
    token = new_token()
    for _ in range(2):
        await ensure_key(connection, token, tenant="default", name="stack", scopes=[Scope.SEARCH])
    (key,) = await list_keys(connection)
    await revoke_key(connection, key.key_id)
    await ensure_key(connection, token, tenant="default", name="stack", scopes=[Scope.SEARCH])
    assert await PostgresKeyStore(connection).find(token) is None


@pytest.mark.parametrize("tenant", ["", "Acme", "a/b", "-a", "a" * 64])
async def test_a_tenant_is_a_plain_name(connection, tenant):
    """It becomes part of paths and topics' headers."""
    with pytest.raises(ValueError, match="tenant"):
        await create_key(connection, tenant=tenant, name="test", scopes=[Scope.SEARCH])
