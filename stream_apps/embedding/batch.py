"""Which texts of a batch have to be embedded, and how the vectors come together again. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Missing:
    """The distinct texts whose vector nobody knows, with their content hashes, in the batch's order."""

    hashes: tuple[bytes, ...]
    texts: tuple[str, ...]


def missing(hashes: Sequence[bytes], texts: Sequence[str], known: Mapping[bytes, object]) -> Missing:
    """What has to be embedded: each content once, also when the batch holds it twice."""
    wanted = {h: t for h, t in zip(hashes, texts, strict=True) if h not in known}
    return Missing(tuple(wanted), tuple(wanted.values()))


def assemble(hashes: Sequence[bytes], vectors: Mapping[bytes, NDArray[np.generic]]) -> NDArray[np.float32]:
    """The vectors `[chunks, dimensions]` of the batch; every hash has one."""
    return np.stack([np.asarray(vectors[h], np.float32) for h in hashes])
