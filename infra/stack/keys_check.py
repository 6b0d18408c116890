"""What `muniment doctor` says of the key-encryption keys of the key ring file."""

import asyncpg

from muniment.infra.one_connection import one_connection
from muniment.infra.settings import Settings
from muniment.infra.stack.check import Check
from muniment.schemas.errors import StepFailure

NAME = "keys"


async def check_keys(settings: Settings) -> Check:
    """The file has every key that the key store needs of it, also where a key management has wrapped since."""
    if settings.database_url is None:
        return Check(NAME, False, "no address of the key store", "muniment up")
    from muniment.infra.wrapping import needed_of_file  # noqa: PLC0415 - with all that it stands on: slow to import
    from muniment.producers.key_file import ways_back  # noqa: PLC0415 - as above

    try:
        async with one_connection(settings.database_url.get_secret_value()) as pool:
            missing, why = await needed_of_file(settings.key_ring_file, pool)
    except (OSError, StepFailure, asyncpg.PostgresError) as error:
        return Check(NAME, False, f"Postgres: {type(error).__name__}", "look at `postgres` first")
    if not missing:
        return Check(NAME, True, "what the key store needs of the key ring file is there")
    return Check(NAME, False, f"{why}: what {', '.join(missing)} has wrapped cannot be opened", ways_back(*missing))
