"""Counting is what the tokenizer says, however it is done."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from muniment.stream_apps.chunking.tokens import WordCounter, counter

TEXTS = st.text() | st.text(alphabet="ab한국\u0301 \n\t\x0b\x0c\x1c\x85\xa0\u200b\u200d\ufeff\ufffd\x01\u2028\u3000🙂▁")


def by_the_book(path: str, text: str) -> int:
    tokenizer = Tokenizer.from_file(path)
    tokenizer.no_truncation()
    return len(tokenizer.encode(text.strip(), add_special_tokens=False))


@given(text=TEXTS)
def test_counting_by_words_is_counting_the_text(unigram_file: str, text: str) -> None:
    """The shortcut gives what the tokenizer gives for the whole text, odd white space included."""
    assert isinstance(counter(unigram_file), WordCounter)
    assert counter(unigram_file)(text) == by_the_book(unigram_file, text)


@given(text=TEXTS)
def test_a_tokenizer_that_does_not_part_words_is_asked_every_time(byte_file: str, text: str) -> None:
    """No shortcut is taken where it would be wrong."""
    assert not isinstance(counter(byte_file), WordCounter)
    assert counter(byte_file)(text) == len(text.strip().encode())


def test_the_truncation_in_the_file_is_ignored(unigram_file: str) -> None:
    """A text longer than the model's context counts in full."""
    assert counter(unigram_file)("x" * 600 + " y" * 600) > 1000


def test_openai_tokens_are_counted_offline() -> None:
    """The default encoding needs no file and no network, and treats special tokens as text."""
    assert counter("cl100k_base")("hello world") == 2
    assert counter("cl100k_base")("<|endoftext|>") > 1


def test_a_tokenizer_is_loaded_once(unigram_file: str) -> None:
    """The same name gives the same counter."""
    assert counter(unigram_file) is counter(unigram_file)


def test_a_file_that_is_missing_or_no_tokenizer_is_named_so(tmp_path: Path) -> None:
    """Wrong settings end in the ordinary errors."""
    with pytest.raises(OSError, match="nowhere"):
        counter(str(tmp_path / "nowhere.json"))
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(ValueError, match=r"tokenizer\.json"):
        counter(str(tmp_path / "x.json"))
