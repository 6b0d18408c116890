"""What was sealed: signed statements about what each partition of the log holds. See `schemas.proofs.checkpoints`."""

from datetime import datetime

from muniment.schemas.event import Event, event
from muniment.schemas.topics import AUDIT_CHECKPOINTS


@event(topic=AUDIT_CHECKPOINTS, key="log")
class CheckpointSigned(Event):
    """The log of one partition held just this, says whoever has the key.

    `log` is `topic/partition`; `size` the number of leaves, `root` the hash over them (hexadecimal); every record below
    `next_offset` is in it. `note` is the checkpoint as it was signed, and all that counts: the rest is read from it.

    Attributes:
        log: The partition, as `topic/partition`.
        size: Number of leaves: records that are in the tree.
        root: The hash over them, in hexadecimal digits.
        next_offset: Every record below this offset is in it.
        signed_at: When it was signed.
        note: The checkpoint as it was signed, and all that counts.

    """

    log: str
    size: int
    root: str
    next_offset: int
    signed_at: datetime
    key_id: str
    note: str
