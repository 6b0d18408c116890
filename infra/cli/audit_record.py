"""Whether what lies on the log now is the leaf that was proved: a proof is made from what was sealed, not from that."""

import asyncio
from typing import Any

AS_SEALED = "what lies on the log is what was sealed"


def on_the_log(topic: str, partition: int, proof: Any) -> tuple[bool, str]:
    """Whether the record on the log is not what was sealed, and what to say; a log that cannot be asked denies nothing.

    `proof` is an answer about an inclusion.
    """
    from muniment.infra.not_set import NotSetError, required
    from muniment.infra.stack.record import load_settings
    from muniment.schemas.errors import MunimentError

    if proof["gap"]:
        return gap(topic, partition, proof)
    try:
        bootstrap = required(load_settings().kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP")
        return asyncio.run(_looked((topic, partition), proof, bootstrap))
    except (MunimentError, NotSetError, OSError) as error:
        return False, f"what lies on the log now was not looked at: {getattr(error, 'detail', error)}"


async def _looked(place: tuple[str, int], proof: Any, bootstrap: str) -> tuple[bool, str]:
    from muniment.producers.sealing.batches import CorruptBatch
    from muniment.producers.sealing.log_reader import LogReader

    async with LogReader(bootstrap, client_id="muniment-proving") as reader:
        extent = (await reader.extents([place[0]])).get(place)
        if extent is None:
            return True, "the log has no such partition any more"
        if proof["first_offset"] < extent.start:
            return cut(place[0], extent.start)
        try:
            leaves, _ = await reader.read(place, proof["first_offset"])
        except CorruptBatch as error:
            return True, str(error)
    return compared(leaves, proof)


def cut(topic: str, start: int) -> tuple[bool, str]:
    """Whether somebody took the beginning of a log away, and what to say: of one for ever no retention did. Pure."""
    from muniment.schemas.topics import SEALED_FOR_EVER

    told = f"the log begins at offset {start} now: what was sealed is not there to be looked at"
    if topic not in SEALED_FOR_EVER:
        return False, told
    return True, f"THE RECORD WAS TAKEN FROM THE LOG, which is kept for ever: it begins at offset {start} now"


def gap(topic: str, partition: int, proof: Any) -> tuple[bool, str]:
    """Whether it was not as a gap that it was sealed, and what to say: only the tables call it one. Pure."""
    from muniment.schemas.proofs.leaves import Gap, GapReason, encode
    from muniment.schemas.proofs.merkle import leaf_hash

    sealed = Gap(topic, partition, proof["first_offset"], proof["next_offset"], GapReason(proof["gap"]))
    if leaf_hash(encode(sealed)).hex() != proof["leaf_hash"]:
        return True, "WHAT WAS SEALED IS NO GAP: the tables of the sealer were changed"
    return False, "no record lay there when it was sealed"


def compared(leaves: Any, proof: Any) -> tuple[bool, str]:
    """Hold what lies there against a proof: whether it is something else, and what to say. Pure."""
    from muniment.schemas.proofs.leaves import encode
    from muniment.schemas.proofs.merkle import leaf_hash

    there = next((leaf for leaf in leaves if leaf.offset == proof["first_offset"]), None)
    if there is not None and leaf_hash(encode(there)).hex() == proof["leaf_hash"]:
        return False, AS_SEALED
    told = "is another one now" if there else "is not there any more"
    return True, f"THE RECORD ON THE LOG {told}: it is not what was sealed"
