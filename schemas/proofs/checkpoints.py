"""A checkpoint: what the log of one partition held at a moment, in a few lines that are signed (C2SP tlog-checkpoint).

    muniment/<installation>/<topic>/<partition>
    <number of leaves>
    <root, base64>
    next-offset <first offset that is not sealed>
    signed-at <moment, RFC 3339, UTC>
    previous <SHA-256 of the text of the checkpoint before it, base64; "-" for the first>

The first three lines are the format's own; the others are extension lines, which other tools pass by. Since every
checkpoint names the one before, none can be left out or slipped in without whoever holds the chain seeing it.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from muniment.schemas.proofs.merkle import HASH_BYTES, Head

_FIRST = "-"
_LINES = 6


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed statement about one partition.

    Attributes:
        origin: Which log of which installation; see `origin_of`.
        head: Size and root of the tree.
        next_offset: Everything below this offset is in the tree, as a record or as a gap.
        signed_at: By the clock of who signed, UTC, whole seconds.
        previous: SHA-256 of the text of the checkpoint before, `None` for the first one of a log.

    """

    origin: str
    head: Head
    next_offset: int
    signed_at: datetime
    previous: bytes | None = None

    @property
    def text(self) -> str:
        """The text that is signed."""
        return "".join(
            f"{line}\n"
            for line in (
                self.origin,
                self.head.size,
                _b64(self.head.root),
                f"next-offset {self.next_offset}",
                f"signed-at {self.signed_at:%Y-%m-%dT%H:%M:%SZ}",
                f"previous {_b64(self.previous) if self.previous else _FIRST}",
            )
        )

    @property
    def digest(self) -> bytes:
        """What the next checkpoint calls `previous`."""
        return sha256(self.text.encode()).digest()

    @property
    def log(self) -> tuple[str, int]:
        """Topic and partition."""
        _, _, topic, partition = self.origin.split("/")
        return topic, int(partition)

    @property
    def installation(self) -> str:
        """Who says so."""
        return self.origin.split("/")[1]


def origin_of(installation: str, topic: str, partition: int) -> str:
    """The name of a log: no two installations share one, so no checkpoint of one passes for another's."""
    return f"muniment/{installation}/{topic}/{partition}"


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint in the text of a note; `ValueError` for any other text, so each has exactly one."""
    lines = text.split("\n")
    if len(lines) != _LINES + 1 or lines[-1]:
        raise ValueError("not the text of a checkpoint: it has six lines")
    origin, size, root, offset, moment, previous = lines[:-1]
    try:
        found = Checkpoint(
            origin=origin,
            head=Head(int(size), _hash(root)),
            next_offset=int(_after("next-offset ", offset)),
            signed_at=datetime.fromisoformat(_after("signed-at ", moment)),
            previous=_previous(_after("previous ", previous)),
        )
        known = found.log[1] >= 0 and found.head.size >= 0
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"not the text of a checkpoint: {error}") from None
    if not known or found.text != text:
        raise ValueError("not the text of a checkpoint: it is not written the one way it can be")
    return found


def chain_breaks(newest_first: Sequence[Checkpoint], *, whole: bool) -> list[str]:
    """Where a checkpoint does not name the one before it; `whole`: the last one given is the first of its log."""
    out = []
    for one, before in zip(newest_first, [*newest_first[1:], None], strict=True):
        if before is None and not whole:
            continue
        if one.previous != (before.digest if before else None):
            told = f"that of {before.head.size} leaves" if before else "none"
            out.append(f"the checkpoint of {one.head.size} leaves names another one before it than {told}")
    return out


def _after(word: str, line: str) -> str:
    if not line.startswith(word):
        raise ValueError(f"no line {word.strip()}")
    return line.removeprefix(word)


def _previous(text: str) -> bytes | None:
    return None if text == _FIRST else _hash(text)


def _hash(text: str) -> bytes:
    raw = base64.b64decode(text, validate=True)
    if len(raw) != HASH_BYTES:
        raise ValueError("a hash has 32 bytes")
    return raw


def _b64(value: bytes) -> str:
    return base64.b64encode(value).decode()
