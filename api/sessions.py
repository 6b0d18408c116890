"""Sessions of the console: a random token in a cookie, of which only SHA-256 is stored.

A session that was begun with an API key does what the key may do at each moment, and is over when the key is revoked or
expires. One begun at an identity provider carries the tenant and the scopes that its claims led to. Both end when
nobody uses them for a while, and after a time that no use prolongs (OWASP Session Management Cheat Sheet).
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, Protocol

from muniment.api.keys import ApiKey
from muniment.producers.postgres import database

CACHE_S = 3.0
"""How long a session that was found is believed, so that one page's requests ask the database once (seconds)."""
CACHE_SESSIONS = 10_000
_BEGIN = """
insert into muniment_access.sessions
    (session_hash, tenant, key_id, person, name, scopes, began_at, seen_at, ends_at)
values ($1, $2, $3, $4, $5, $6, $7, $7, $8)"""
_OVER = "delete from muniment_access.sessions where ends_at <= $1 or seen_at <= $2"
_FIND = """
select s.*, coalesce(k.scopes, s.scopes) as may, coalesce(k.name, s.name) as called
from muniment_access.sessions s left join muniment_access.api_keys k on k.key_id = s.key_id
where s.session_hash = $1 and s.ends_at > $2 and s.seen_at > $3 and (s.key_id is null
    or (k.key_id is not null and k.revoked_at is null and (k.expires_at is null or k.expires_at > $2)))"""
_SEEN = "update muniment_access.sessions set seen_at = $2 where session_hash = $1 and seen_at < $3"
_END = "delete from muniment_access.sessions where session_hash = $1"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom an identity provider vouches for.

    Attributes:
        tenant: Whose documents they see.
        person: Who they are, as the log may name it: a hash, no name.
        name: What they are called on their own screen.
        scopes: What they may do.

    """

    tenant: str
    person: str
    name: str
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in.

    Attributes:
        tenant: Whose documents they see.
        key_id: The API key that they signed in with; `None` for a person of an identity provider.
        person: That person; `None` for a key.
        name: What they are called on their own screen.
        scopes: What they may do.
        ends_at: When the session ends at the latest.

    """

    tenant: str
    key_id: str | None
    person: str | None
    name: str
    scopes: frozenset[str]
    ends_at: datetime


class Sessions(Protocol):
    """The port to the sessions. All raise `StepFailure(database_unavailable)`."""

    async def begin(self, who: ApiKey | Person) -> str:
        """Begin a session; the token that names it from now on."""
        ...

    async def find(self, token: str, *, used: bool = True) -> Session | None:
        """The session of a token; `None` when there is none or it is over.

        This prolongs it, but not without `used`: that is for looks that nobody has asked for.
        """
        ...

    async def end(self, token: str) -> None:
        """End a session, if there is one."""
        ...


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long sessions last: `idle_s` without use, `max_s` in all (seconds)."""

    idle_s: float = 1800.0
    max_s: float = 12 * 3600.0


def new_token() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> bytes:
    """What is stored of a token; it is random, so a fast hash keeps it as well as a slow one."""
    return hashlib.sha256(token.encode()).digest()


def forgery_token(token: str) -> str:
    """What a form of this session carries: it cannot be made without the session's token, nor lead back to it."""
    made = hmac.new(token.encode(), b"muniment.console/forms", hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class _Held:
    """A session that was found: until when that is believed, and whether it was prolonged then."""

    until: float
    session: Session
    used: bool


@dataclass
class PostgresSessions:
    """See `Sessions`. What was found is believed for `CACHE_S`: so long a revoked key may still show a page."""

    pool: Any
    lifetime: Lifetime = field(default_factory=Lifetime)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    clock: Callable[[], float] = monotonic
    _held: dict[bytes, "_Held"] = field(default_factory=dict)

    async def begin(self, who: ApiKey | Person) -> str:
        """See `Sessions.begin`."""
        token, now = new_token(), self.now()
        key_id, person = (who.key_id, None) if isinstance(who, ApiKey) else (None, who.person)
        ends_at = now + timedelta(seconds=self.lifetime.max_s)
        async with database():
            await self.pool.execute(_OVER, now, now - timedelta(seconds=self.lifetime.idle_s))
            await self.pool.execute(
                _BEGIN, hash_token(token), who.tenant, key_id, person, who.name, sorted(who.scopes), now, ends_at
            )
        return token

    async def find(self, token: str, *, used: bool = True) -> Session | None:
        """See `Sessions.find`."""
        hashed = hash_token(token)
        held = self._held.get(hashed)
        # What a look has found is not believed of a use: that would go unnoticed, and with it that somebody is there.
        if held and held.until > self.clock() and (held.used or not used):
            return held.session
        now = self.now()
        idle_s = self.lifetime.idle_s
        async with database():
            row = await self.pool.fetchrow(_FIND, hashed, now, now - timedelta(seconds=idle_s))
            if row is None:
                self._held.pop(hashed, None)
                return None
            if used:
                # To the minute is enough to know whether somebody is there.
                await self.pool.execute(_SEEN, hashed, now, now - timedelta(seconds=min(60.0, idle_s / 10)))
        if len(self._held) >= CACHE_SESSIONS:
            self._held.clear()
        found = _session(row)
        self._held[hashed] = _Held(self.clock() + min(CACHE_S, idle_s / 10), found, used)
        return found

    async def end(self, token: str) -> None:
        """See `Sessions.end`."""
        hashed = hash_token(token)
        self._held.pop(hashed, None)
        async with database():
            await self.pool.execute(_END, hashed)


def _session(row: Any) -> Session:
    return Session(row["tenant"], row["key_id"], row["person"], row["called"], frozenset(row["may"]), row["ends_at"])
