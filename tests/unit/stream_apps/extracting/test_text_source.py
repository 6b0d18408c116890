"""Opening text of unknown encoding."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muniment.stream_apps.extracting.text_source import PIECE, TextSource, encoding_of

KOREAN = "안녕하세요, 세계. 똠방각하와 펲시콜라.\r\n"


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp949"])
def test_korean_is_read_in_every_usual_encoding(write: Callable[[bytes], Path], codec: str) -> None:
    """The text comes out as it went in, line ends too, and a byte order mark is no part of it."""
    text = KOREAN * 3000
    with TextSource(write(text.encode(codec))) as source:
        pieces = list(source.pieces())
    assert "".join(pieces) == text
    assert max(map(len, pieces)) <= PIECE


def test_one_broken_byte_does_not_change_the_encoding(write: Callable[[bytes], Path]) -> None:
    """A damaged UTF-8 text stays UTF-8, with U+FFFD where the damage is."""
    assert encoding_of(write(KOREAN.encode() * 100 + b"\xff\xfe\xff")) == "utf-8-sig"
    assert encoding_of(write(KOREAN.encode("cp949") * 100 + b"\xff\n")) == "cp949"


def test_japanese_is_not_taken_for_korean(write: Callable[[bytes], Path]) -> None:
    """Shift-JIS decodes as CP949, to syllables that nobody writes."""
    assert encoding_of(write("これは日本語の文章です。テストのために書きました。".encode("cp932") * 10)) == "cp932"


def test_western_text_is_recognised(write: Callable[[bytes], Path]) -> None:
    """What is neither UTF-8 nor Korean goes to charset-normalizer."""
    text = "Où est le café? L'été dernier, à Genève, nous étions très près de la forêt. " * 20
    with TextSource(write(text.encode("cp1252"))) as source:
        assert "".join(source.pieces()) == text
    assert encoding_of(write(b"caf\xe9")) == "cp1252"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.binary(max_size=300))
def test_any_bytes_can_be_read(write: Callable[[bytes], Path], data: bytes) -> None:
    """Decoding never fails, and lines give the same text as pieces."""
    path = write(data)
    with TextSource(path) as source:
        whole = "".join(source.pieces())
    with TextSource(path) as source:
        assert "".join(source.lines(7)) == whole


def test_progress_ends_at_the_size(write: Callable[[bytes], Path]) -> None:
    """The last report says that all bytes are read."""
    told: list[tuple[int, int, str]] = []
    path = write(b"abc\n" * 700_000)
    with TextSource(path, lambda *state: told.append(state)) as source:
        assert sum(map(len, source.pieces())) == 2_800_000
    assert told[-1] == (2_800_000, 2_800_000, "bytes")
    assert 2 <= len(told) <= 5
