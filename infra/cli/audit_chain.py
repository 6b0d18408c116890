"""Whether all that was signed of a partition is listed: the chain itself, what lies outside, what the sealer found.

The newest checkpoint is named by none: that it was taken out shows only where it is kept elsewhere, too.
"""

import asyncio
from typing import Any

_OF_A_CHAIN = {"taken_out", "forged", "contradicted"}


def breaks(items: Any, *, whole: bool) -> list[str]:
    """Where a checkpoint does not name the one before it."""
    from muniment.schemas.proofs.checkpoints import chain_breaks, parse_checkpoint
    from muniment.schemas.proofs.notes import parse_note

    found = chain_breaks([parse_checkpoint(parse_note(one["note"]).text) for one in items], whole=whole)
    return [f"{one}: a checkpoint was taken out, or put in" for one in found]


def only_outside(log: tuple[str, int], items: Any, *, whole: bool) -> tuple[list[int], str]:
    """Sizes of checkpoints that lie outside, and are not among these; and why that could not be looked at."""
    from muniment.infra.not_set import NotSetError
    from muniment.infra.sealing import place_outside
    from muniment.infra.stack.record import load_settings
    from muniment.producers.sealing.comparing import folder_of, unknown
    from muniment.schemas.errors import MunimentError
    from muniment.schemas.proofs.checkpoints import parse_checkpoint
    from muniment.schemas.proofs.notes import parse_note

    installation = parse_checkpoint(parse_note(items[0]["note"]).text).installation
    folder = folder_of(installation, *log)

    async def look() -> tuple[list[int], bool]:
        place = place_outside(load_settings().checkpoints)
        found = await unknown(place, folder, {one["size"] for one in items}, whole=whole)
        return [size for size, _ in found], bool(found or await place.names(folder))

    try:
        sizes, there = asyncio.run(look())
    except (MunimentError, NotSetError) as error:
        return [], f"the place outside could not be looked at: {getattr(error, 'detail', error)}"
    told = "nothing of it lies where MUNIMENT_CHECKPOINTS_URL leads from here, so nobody knows of a newer checkpoint"
    return sizes, "" if there else told


def found_of(log: tuple[str, int]) -> tuple[list[str], str]:
    """What the sealer has found of this chain; and why it could not be asked for."""
    from muniment.infra.not_set import NotSetError
    from muniment.schemas.errors import MunimentError

    try:
        rows = all_findings()
    except (MunimentError, NotSetError, OSError) as error:
        return [], f"what the sealer found could not be asked for: {getattr(error, 'detail', error)}"
    mine = [row for row in rows if (row["topic"], row["partition"]) == log and row["kind"] in _OF_A_CHAIN]
    return [f"{row['kind']}, found {row['found_at']:%Y-%m-%d %H:%M} UTC: {row['detail']}" for row in mine], ""


def all_findings() -> list[Any]:
    """What is not as it was sealed, as rows; asks the database."""
    from muniment.infra.bootstrap import database_url
    from muniment.infra.one_connection import one_connection
    from muniment.infra.stack.record import load_settings
    from muniment.producers.postgres import database
    from muniment.producers.sealing.proving import Proofs

    async def ask() -> list[Any]:
        async with database(), one_connection(database_url(load_settings())) as pool:
            return await Proofs(pool).findings()

    return asyncio.run(ask())
