"""Who wraps the data keys: AWS KMS, or the local key ring file, which is made at the first start and never again."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import structlog

from muniment.infra.not_set import NotSetError
from muniment.infra.settings import Settings
from muniment.producers.key_file import FILE_PREFIX, KeyFile, load, read, ways_back
from muniment.producers.kms import KmsWrapping
from muniment.producers.rewrapping import in_use
from muniment.producers.wrapping import FileWrapping, MovingWrapping, Wrapping
from muniment.schemas.errors import StepFailure

LOG = structlog.get_logger(__name__)
FOR_GOOD = ways_back("ID")


async def wrapping(settings: Settings, pool: Any) -> Wrapping:
    """The key-encryption keys: the local file, or AWS KMS (`MUNIMENT_KMS_KEY`).

    With KMS a missing file stops nobody: what needs it waits, and that it is needed is in the log.

    Raises:
        NotSetError: the file is not there, nothing else wraps, and the key store has keys that only it opens.
        StepFailure: `key_ring_unusable`, `database_unavailable`.

    """
    path = settings.key_ring_file
    if settings.kms_key is None:
        return FileWrapping(await _ring(path, pool), path)
    try:
        kms = KmsWrapping(settings.kms_key, endpoint=settings.kms_endpoint, region=settings.kms_region)
    except ImportError as error:
        raise NotSetError("MUNIMENT_KMS_KEY needs the extra `kms`: install muniment[kms]") from error
    # What the file has wrapped opens by it until `muniment keys rotate-kek` has moved it.
    missing, why = await needed_of_file(path, pool)
    if missing:
        LOG.error("key_ring_file_needed", keys=missing, file=str(path), why=why, what_to_do=ways_back(*missing))
    return MovingWrapping(kms, FileWrapping(None, path))


async def _ring(path: Path, pool: Any) -> KeyFile:
    """The file, made where nothing was ever wrapped.

    The store is asked before the file is looked for: of processes that start together one makes it, and whatever that
    one wraps, it wraps after the file was there.
    """
    wrapped_by = await _in_use(pool)
    if not wrapped_by or await asyncio.to_thread(path.exists):
        return await asyncio.to_thread(load, path)
    raise NotSetError(
        f"the key ring file {path} is not there, and the key store has keys that only {', '.join(sorted(wrapped_by))} "
        "opens. A new file would open none of them, so none is made: mount the volume, or set MUNIMENT_KEY_RING to "
        f"where the file is (every host needs the same one); {FOR_GOOD}"
    )


async def needed_of_file(path: Path, pool: Any) -> tuple[list[str], str]:
    """The key-encryption keys that the key store needs of the file and it has not, in order, and why not.

    Raises:
        StepFailure: `database_unavailable`.

    """
    needed = await _in_use(pool)
    if not needed:
        return [], ""
    try:
        missing, why = needed - (await asyncio.to_thread(read, path)).keys.keys(), f"{path} has not all keys"
    except StepFailure as failure:
        missing, why = needed, failure.detail
    return sorted(missing), why


async def unopened(settings: Settings, pool: Any) -> set[str]:
    """The key-encryption keys that the key store needs, and the key ring file has not.

    Raises:
        StepFailure: `key_ring_unusable` for a file that cannot be read, `database_unavailable`.

    """
    path = settings.key_ring_file
    held = read(path).keys.keys() if path.exists() else set[str]()
    return await _in_use(pool) - held


async def _in_use(pool: Any) -> set[str]:
    try:
        return {name for name in await in_use(pool) if name.startswith(FILE_PREFIX)}
    except asyncpg.UndefinedTableError:
        return set()  # before the first migration there is nothing to open
