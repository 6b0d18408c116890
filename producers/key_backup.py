"""Backup of the key store, apart from everything else: one file, sealed under a passphrase (scrypt, AES-256-GCM).

It holds the data keys as they are wrapped, so whoever has it still needs the key-encryption keys, and the log. What was
erased after the backup was made does not come back by it: destroyed keys are on the log, and the log wins.
"""

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from muniment.producers.postgres import database
from muniment.producers.private_file import write_new

FORM = "muniment key backup v1"
_N, _R, _P = 2**15, 8, 1
"""Cost of scrypt (RFC 7914): 32 MiB and some tenths of a second for a guess."""
_KEYS = "select key_id, tenant, document_id, wrapped, kek_id, created_at, destroyed_at from muniment_keys.data_keys"
_TENANTS = "select tenant, wrapped, kek_id, created_at from muniment_keys.tenant_keys"
_SUBJECTS = "select tenant, subject, document_id, named_at from muniment_keys.subjects"
_ADD = """
insert into muniment_keys.data_keys (key_id, tenant, document_id, wrapped, kek_id, created_at, destroyed_at)
values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing returning key_id"""
_ADD_TENANT = """
insert into muniment_keys.tenant_keys (tenant, wrapped, kek_id, created_at) values ($1, $2, $3, $4)
on conflict do nothing"""
_ADD_SUBJECT = """
insert into muniment_keys.subjects (tenant, subject, document_id, named_at) values ($1, $2, $3, $4)
on conflict do nothing"""
# As of now: so running processes, which look for what was destroyed since they last looked, find it.
_FORGET = """
update muniment_keys.data_keys set wrapped = null, destroyed_at = now()
where tenant = $1 and document_id = $2 and created_at <= $3 and destroyed_at is null"""
_FORGET_SUBJECTS = "delete from muniment_keys.subjects where tenant = $1 and document_id = $2 and named_at <= $3"
_HAS = "select exists (select from muniment_keys.data_keys where key_id = $1)"
_TENANT_SINCE = "select created_at from muniment_keys.tenant_keys where tenant = $1"
Destroyed = Mapping[tuple[str, UUID], datetime]
"""When a document of a tenant was last erased, as the log says."""


class NoBackup(ValueError):
    """The file is no backup of keys, or the passphrase is another one."""


class OtherKeys(ValueError):
    """The store has begun to make keys of its own where the backup has others: one of the two would be lost."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of a restoration: keys that are there again, and keys that the log says were destroyed."""

    keys: int
    destroyed: int


async def backup(pool: Any, path: Path, passphrase: str) -> int:
    """Write all of the key store into a new file of mode 0600; how many keys. Raises `FileExistsError`."""
    async with database(), pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
        content = {
            "keys": [_shown(row) for row in await connection.fetch(_KEYS)],
            "tenants": [_shown(row) for row in await connection.fetch(_TENANTS)],
            "subjects": [_shown(row) for row in await connection.fetch(_SUBJECTS)],
        }
    salt, nonce = os.urandom(16), os.urandom(12)
    sealed = AESGCM(_key(passphrase, salt)).encrypt(nonce, json.dumps(content).encode(), FORM.encode())
    text = json.dumps({"form": FORM, "salt": _b64(salt), "nonce": _b64(nonce), "sealed": _b64(sealed)})
    write_new(path, text)
    return len(content["keys"])


async def restore(pool: Any, path: Path, passphrase: str, destroyed: Destroyed) -> Restored:
    """Put back what the store has not; what `destroyed` names is destroyed, whoever brought it back.

    A backup of the database that is older than an erasure brings its keys back: they are destroyed here, too.

    Raises:
        NoBackup, OtherKeys: see there; nothing was changed.

    """
    content = _opened(path, passphrase)
    back = gone = 0
    async with database(), pool.acquire() as connection, connection.transaction():
        for one in content["keys"]:
            document, created = UUID(one["document_id"]), datetime.fromisoformat(one["created_at"])
            ended = _moment(one["destroyed_at"])
            erased = destroyed.get((one["tenant"], document))
            if ended is None and erased is not None and created <= erased:
                # Erased after the backup was made. A key that was made after that is a new life of the document.
                ended = erased
            wrapped = None if ended else base64.b64decode(one["wrapped"])
            row = UUID(one["key_id"]), one["tenant"], document, wrapped, one["kek_id"], created, ended
            if await connection.fetchval(_ADD, *row):
                back, gone = back + (ended is None), gone + (ended is not None)
            elif ended is None and not await connection.fetchval(_HAS, row[0]):
                raise OtherKeys(_other(f"document {document} of {one['tenant']}"))
        for one in content["tenants"]:
            values = base64.b64decode(one["wrapped"]), one["kek_id"], datetime.fromisoformat(one["created_at"])
            await connection.execute(_ADD_TENANT, one["tenant"], *values)
            if await connection.fetchval(_TENANT_SINCE, one["tenant"]) != values[-1]:
                raise OtherKeys(_other(f"tenant {one['tenant']}"))
        for one in content["subjects"]:
            document = UUID(one["document_id"])
            named = datetime.fromisoformat(one["named_at"])
            erased = destroyed.get((one["tenant"], document))
            if erased is None or named > erased:
                await connection.execute(_ADD_SUBJECT, one["tenant"], one["subject"], document, named)
        for (tenant, document), erased in destroyed.items():
            gone += int((await connection.execute(_FORGET, tenant, document, erased)).split()[-1])
            await connection.execute(_FORGET_SUBJECTS, tenant, document, erased)
    return Restored(back, gone)


def _other(whose: str) -> str:
    return (
        f"the key store has another key for {whose} than the backup: it was used before it was restored. Nothing was "
        "changed. Stop the API and the workers, export what came in since, empty the tables of muniment_keys, restore"
    )


def _opened(path: Path, passphrase: str) -> dict[str, Any]:
    try:
        read = json.loads(path.read_text("utf-8"))
        if read["form"] != FORM:
            raise NoBackup(f"{path} is no backup of keys that this version knows")
        salt, nonce, sealed = (base64.b64decode(read[name]) for name in ("salt", "nonce", "sealed"))
        content: dict[str, Any] = json.loads(AESGCM(_key(passphrase, salt)).decrypt(nonce, sealed, FORM.encode()))
    except InvalidTag:
        raise NoBackup("the passphrase is another one, or the file was changed") from None
    except (ValueError, KeyError, TypeError) as error:
        raise NoBackup(f"{path} is no backup of keys: {type(error).__name__}") from None
    return content


def _key(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=_N, r=_R, p=_P).derive(passphrase.encode())


def _shown(row: Any) -> dict[str, Any]:
    return {name: _text(value) for name, value in dict(row).items()}


def _text(value: Any) -> Any:
    if isinstance(value, bytes):
        return _b64(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return value if value is None else str(value)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _b64(value: bytes) -> str:
    return base64.b64encode(value).decode()
