"""API keys: `mun_<key id>_<secret>`. The key id is public and names the row; the secret is 256 random bits.

Only SHA-256 of the secret is stored. A slow password hash would add nothing: it defends guessable secrets, and 2^256
equally likely ones cannot be guessed; a fast hash keeps each request cheap. The comparison takes constant time, and an
unknown key id is compared too, so that neither says how close a guess was.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from muniment.producers.postgres import database
from muniment.schemas.audit import HOUSE

PREFIX = "mun"
_TOKEN = re.compile(r"mun_([a-z0-9]{12})_([0-9a-f]{64})", re.ASCII)
_TENANT = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}", re.ASCII)
_INSERT = """
insert into muniment_access.api_keys (key_id, secret_hash, tenant, scopes, name, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing"""
_COLUMNS = "key_id, tenant, scopes, name, created_at, expires_at, revoked_at, last_used_at"
_LIST = f"select {_COLUMNS} from muniment_access.api_keys where $1::text is null or tenant = $1 order by created_at"  # noqa: S608 - constants only
_REVOKE = (
    "update muniment_access.api_keys set revoked_at = $2 where key_id = $1 and revoked_at is null returning key_id"
)


def valid_tenant(name: str) -> bool:
    """Whether it is a name that a tenant may have."""
    return _TENANT.fullmatch(name) is not None and name != HOUSE


class Scope(StrEnum):
    """What a key may do, within its tenant. `admin` may do everything.

    `operate` redrives and discards dead letters, and turns what is the whole house's: flags, steps, breakers.
    `decrypt` gives the keys of what is sealed on the topics to who reads them with a client of their own.
    `audit` reads who did what, proofs and evidence, and what there was at another time. `erase` answers
    for what is held about persons: it exports that, and destroys it for good.
    """

    DOCUMENTS_READ = "documents:read"
    DOCUMENTS_WRITE = "documents:write"
    SEARCH = "search"
    OPERATE = "operate"
    DECRYPT = "decrypt"
    AUDIT = "audit"
    ERASE = "erase"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as everyone may see it."""

    key_id: str
    tenant: str
    scopes: frozenset[str]
    name: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def allows(self, scope: Scope) -> bool:
        """Whether the key has the scope."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def valid_at(self, now: datetime) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made: the only moment at which its token is known."""

    key: ApiKey
    token: str = field(repr=False)


def parse_token(token: str) -> tuple[str, str] | None:
    """Key id and secret of a token; `None` when it does not look like one."""
    match = _TOKEN.fullmatch(token)
    return (match[1], match[2]) if match else None


def hash_secret(secret: str) -> bytes:
    """What is stored of a secret."""
    return hashlib.sha256(secret.encode()).digest()


def matches(secret: str, stored: bytes | None) -> bool:
    """Whether the secret is the stored one; `None` (no such key) takes the same time and is false."""
    equal = hmac.compare_digest(hash_secret(secret), stored or bytes(32))
    return equal and stored is not None


async def create_key(
    database_handle: Any,
    *,
    tenant: str,
    name: str,
    scopes: Sequence[Scope],
    expires_at: datetime | None = None,
    now: datetime | None = None,
) -> NewKey:
    """Make a key and store its hash. `database_handle` is an asyncpg pool or connection.

    Raises:
        ValueError: for a tenant name that is not lower-case letters, digits, `-` and `_`, or no scope.
        StepFailure: `database_unavailable`.

    """
    token = new_token()
    _, key_id, secret = token.split("_")
    key = ApiKey(key_id, tenant, frozenset(scopes), name, now or _now(), expires_at)
    return NewKey(await _insert(database_handle, key, secret), token)


def new_token() -> str:
    """A fresh token; `ensure_key` makes it a key."""
    key_id = "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(12))
    return f"{PREFIX}_{key_id}_{secrets.token_hex(32)}"


async def ensure_key(
    database_handle: Any, token: str, *, tenant: str, name: str, scopes: Sequence[Scope], now: datetime | None = None
) -> ApiKey:
    """Make this token a key, unless its key id is one already (revoked or not: that stays).

    Raises:
        ValueError: when the token is none, the tenant no tenant name, or no scope is given.
        StepFailure: `database_unavailable`.

    """
    parsed = parse_token(token)
    if parsed is None:
        raise ValueError("not a token")
    return await _insert(database_handle, ApiKey(parsed[0], tenant, frozenset(scopes), name, now or _now()), parsed[1])


async def _insert(database_handle: Any, key: ApiKey, secret: str) -> ApiKey:
    if not _TENANT.fullmatch(key.tenant):
        raise ValueError("a tenant is 1 to 63 of a-z, 0-9, - and _, and begins with a letter or digit")
    if key.tenant == HOUSE:
        raise ValueError(f"{HOUSE} is what the house itself is called on the record: take another name")
    if not key.scopes:
        raise ValueError("a key needs at least one scope")
    async with database():
        await database_handle.execute(
            _INSERT,
            key.key_id,
            hash_secret(secret),
            key.tenant,
            sorted(key.scopes),
            key.name,
            key.created_at,
            key.expires_at,
        )
    return key


def _now() -> datetime:
    return datetime.now(UTC)


async def list_keys(database_handle: Any, tenant: str | None = None) -> list[ApiKey]:
    """All keys, of one tenant when named, oldest first."""
    async with database():
        rows = await database_handle.fetch(_LIST, tenant)
    return [key_of(row) for row in rows]


async def revoke_key(database_handle: Any, key_id: str, now: datetime | None = None) -> bool:
    """Revoke a key; false when there is none of that id that is not revoked already."""
    async with database():
        return await database_handle.fetchval(_REVOKE, key_id, now or _now()) is not None


def key_of(row: Any) -> ApiKey:
    """A row of `muniment_access.api_keys` as a key."""
    return ApiKey(
        row["key_id"],
        row["tenant"],
        frozenset(row["scopes"]),
        row["name"],
        row["created_at"],
        row["expires_at"],
        row["revoked_at"],
        row["last_used_at"],
    )
