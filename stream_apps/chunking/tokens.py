"""Count tokens as the embedding model will: the splitter asks thousands of times a second.

Measured on Python's documentation, splitting with one core (MB/s): cl100k_base through the splitter's own tiktoken
1.0, through bpe-openai 2.5; multilingual-e5-small's Unigram through the splitter's own binding 0.3, through
`WordCounter` 2.6. The same tokenizer gave the same chunks either way.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from itertools import chain
from typing import Any

import orjson
from tokenizers import Tokenizer

from muniment.stream_apps.chunking.policy import CL100K

Counter = Callable[[str], int]

# Pre-tokenizers after which nothing crosses white space.
_SPLITS_WORDS = frozenset({"WhitespaceSplit", "Whitespace", "BertPreTokenizer", "Metaspace"})
_SPACES = (" ", "\n", "\t", "\r")
_PROBES = (("alpha,", "한국어입니다."), ("日本語", "x=1"), ("Ünïcode", "e\u0301🙂"))
_MAX_WORD_LENGTH, _MAX_WORDS = 48, 100_000


@lru_cache(maxsize=4)
def counter(tokenizer: str) -> Counter:
    """The counter of a tokenizer, loaded once in a process.

    Special tokens, and white space at either end (chunks have none), are not counted.

    Raises `OSError` where the file is missing, `ValueError` where it is no tokenizer.
    """
    if tokenizer == CL100K:
        # Imported here: a process with a model of its own should not carry 100 MB of OpenAI's tables.
        encode = import_module("bpe_openai").get_encoding(CL100K).encode_ordinary
        return lambda text: len(encode(text.strip()))
    return _from_file(tokenizer)


def _from_file(path: str) -> Counter:
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - one read
        description = file.read()
    try:
        model = Tokenizer.from_str(description)
    except Exception as error:  # The binding raises bare Exception for whatever is wrong with the file.
        raise ValueError(f"not a tokenizer.json: {error}") from error
    # A tokenizer.json may carry the truncation of its model's context: every long text would count 512.
    model.no_truncation()
    model.no_padding()

    def exact(text: str) -> int:
        return len(model.encode(text.strip(), add_special_tokens=False))

    if not _splits_words(orjson.loads(description).get("pre_tokenizer")):
        return exact
    odd = frozenset(c for c in _suspects() if not _keeps_words_apart(exact, c))
    return exact if odd.intersection(_SPACES) else WordCounter(exact, odd)


@lru_cache(maxsize=1)
def _suspects() -> tuple[str, ...]:
    """Characters of which a normalizer may make a space, or nothing: white space, controls, and two marks."""
    kinds = {"Cc", "Cf", "Zs", "Zl", "Zp"}
    planes = chain(range(0x20000), range(0xE0000, 0xE0080))  # where Unicode has any of these
    return ("▁", "\ufffd", *(c for c in map(chr, planes) if unicodedata.category(c) in kinds))


def _splits_words(pre_tokenizer: dict[str, Any] | None) -> bool:
    if pre_tokenizer is None:
        return False
    steps = pre_tokenizer.get("pretokenizers", [pre_tokenizer])
    return any(step.get("type") in _SPLITS_WORDS and step.get("split", True) for step in steps)


def _keeps_words_apart(exact: Counter, character: str) -> bool:
    """Whether a text with this character in it costs what its words, as `str.split` sees them, cost alone."""
    c = character
    texts = [
        text
        for a, b in _PROBES
        for text in (
            f"{a}{c}{b}",
            f"{a} {c}{b}",
            f"{a}{c} {b}",
            f"{a} {c} {b}",
            f"{a}{c}{c}{b}",
            f"{a} {c}",
            f"{c} {b}",
        )
    ]
    return all(exact(text) == sum(map(exact, text.split())) for text in texts)


class WordCounter:
    """Counts a text by the words in it, each of which is tokenized once and remembered.

    Right for tokenizers that take each word for itself, as those of the XLM-R and BERT families do: 20 times as fast.
    A text with one of the `odd` characters, which break that rule, is tokenized as a whole.
    """

    def __init__(self, exact: Counter, odd: frozenset[str]) -> None:
        self._exact = exact
        self._odd = re.compile(f"[{re.escape(''.join(sorted(odd)))}]") if odd else None
        self._known: dict[str, int] = {}

    def __call__(self, text: str) -> int:
        """Tokens in `text`."""
        if self._odd is not None and self._odd.search(text):
            return self._exact(text)
        words = text.split()
        try:
            return sum(map(self._known.__getitem__, words))
        except KeyError:
            return sum(map(self._count, words))

    def _count(self, word: str) -> int:
        known = self._known.get(word)
        if known is not None:
            return known
        tokens = self._exact(word)
        if len(word) <= _MAX_WORD_LENGTH:
            if len(self._known) >= _MAX_WORDS:
                self._known.clear()
            self._known[word] = tokens
        return tokens
