"""Tokenizer files made on the spot: one that takes each word for itself, and one that takes bytes."""

from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers


@pytest.fixture(scope="session")
def unigram_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A small tokenizer of the family of multilingual-e5: NFKC, words, Unigram."""
    letters = [chr(c) for c in range(33, 127)] + list("한국어문장입니다은는이가을를서울의é")
    words = ["▁the", "▁a", "▁section", "ing", "tion", "▁한국", "니다", "▁"]
    vocabulary = [("<unk>", 0.0), *((w, -2.0) for w in words), *((c, -5.0) for c in letters)]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=0))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    tokenizer.enable_truncation(512)  # as published files have it
    return _saved(tokenizer, tmp_path_factory.mktemp("unigram") / "tokenizer.json")


@pytest.fixture(scope="session")
def byte_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A tokenizer with a token for every byte, spaces included: no word stands for itself."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return _saved(tokenizer, tmp_path_factory.mktemp("bytes") / "tokenizer.json")


def _saved(tokenizer: Tokenizer, path: Path) -> str:
    tokenizer.save(str(path))
    return str(path)
