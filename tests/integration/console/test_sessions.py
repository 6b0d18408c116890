"""Sessions on Postgres: how they begin, what they are worth, and every way in which they end."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from muniment.api.keys import Scope, create_key, revoke_key
from muniment.api.sessions import Lifetime, Person, PostgresSessions, forgery_token

START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
SOMEBODY = Person("acme", "3f2a", "Somebody", frozenset({"search"}))


class Clock:
    """A time that moves when it is told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return (self.now - START).total_seconds()

    def on(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    """Starts at a moment of its own."""
    return Clock()


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Any]:
    """Connections to the test's database."""
    async with asyncpg.create_pool(database_url, min_size=1, max_size=2) as made:
        yield made


@pytest.fixture
def sessions(pool: Any, clock: Clock) -> PostgresSessions:
    """Sessions of half an hour idle and twelve hours in all."""
    return PostgresSessions(pool, Lifetime(), clock, clock.monotonic)


async def test_a_session_is_worth_what_its_key_is(pool: Any, sessions: PostgresSessions, clock: Clock) -> None:
    """Scopes and name are those of the key at each moment, not those of when it began."""
    key = (await create_key(pool, tenant="acme", name="desk", scopes=[Scope.SEARCH], now=START)).key
    token = await sessions.begin(key)
    found = await sessions.find(token)
    assert found is not None
    assert (found.tenant, found.key_id, found.name, found.scopes) == ("acme", key.key_id, "desk", {"search"})
    await pool.execute("update muniment_access.api_keys set scopes = '{audit}'")
    clock.on(4)
    changed = await sessions.find(token)
    assert changed is not None
    assert changed.scopes == {"audit"}


async def test_a_session_ends_with_its_key(pool: Any, sessions: PostgresSessions, clock: Clock) -> None:
    """A key that is revoked, or has expired, signs everybody out within seconds."""
    key = (await create_key(pool, tenant="acme", name="desk", scopes=[Scope.SEARCH], now=START)).key
    brief = await create_key(
        pool, tenant="acme", name="brief", scopes=[Scope.SEARCH], now=START, expires_at=START + timedelta(seconds=60)
    )
    revoked, expired = await sessions.begin(key), await sessions.begin(brief.key)
    assert await sessions.find(revoked)
    assert await sessions.find(expired)
    await revoke_key(pool, key.key_id, START)
    clock.on(4)
    assert await sessions.find(revoked) is None
    assert await sessions.find(expired)
    clock.on(60)
    assert await sessions.find(expired) is None


async def test_a_session_ends_when_nobody_uses_it(sessions: PostgresSessions, clock: Clock) -> None:
    """Use prolongs it; half an hour without any ends it."""
    token = await sessions.begin(SOMEBODY)
    for _ in range(3):
        clock.on(29 * 60)
        assert await sessions.find(token)
    clock.on(31 * 60)
    assert await sessions.find(token) is None


async def test_a_look_that_nobody_asked_for_prolongs_nothing(sessions: PostgresSessions, clock: Clock) -> None:
    """A session that is only looked at ends as if it had not been, and what a look has found hides no use."""
    looked_at, used = await sessions.begin(SOMEBODY), await sessions.begin(SOMEBODY)
    for _ in range(29):
        clock.on(60)
        assert await sessions.find(looked_at, used=False)
        assert await sessions.find(used, used=False)
    # In the very moment after a look, when that is believed still.
    assert await sessions.find(used)
    clock.on(120)
    assert await sessions.find(looked_at, used=False) is None
    assert await sessions.find(used, used=False)


async def test_no_use_prolongs_a_session_for_ever(sessions: PostgresSessions, clock: Clock) -> None:
    """After twelve hours it is over, however busy somebody was."""
    token = await sessions.begin(SOMEBODY)
    for _ in range(35):
        clock.on(20 * 60)
        assert await sessions.find(token)
    clock.on(20 * 60)
    assert await sessions.find(token) is None


async def test_who_signs_out_is_out(pool: Any, sessions: PostgresSessions) -> None:
    """Nothing of an ended session is kept, and its token opens nothing."""
    token = await sessions.begin(SOMEBODY)
    assert await sessions.find(token)
    await sessions.end(token)
    assert await sessions.find(token) is None
    assert await pool.fetchval("select count(*) from muniment_access.sessions") == 0


async def test_the_token_is_nowhere_in_the_database(pool: Any, sessions: PostgresSessions) -> None:
    """Who reads the table can sign in as nobody."""
    token = await sessions.begin(SOMEBODY)
    row = await pool.fetchval("select row_to_json(s)::text from muniment_access.sessions s")
    assert token not in row
    assert forgery_token(token) not in row


async def test_sessions_that_are_over_are_swept(pool: Any, sessions: PostgresSessions, clock: Clock) -> None:
    """Whoever signs in sweeps away what nobody uses any more."""
    await sessions.begin(SOMEBODY)
    clock.on(31 * 60)
    await sessions.begin(SOMEBODY)
    assert await pool.fetchval("select count(*) from muniment_access.sessions") == 1
