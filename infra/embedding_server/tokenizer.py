"""Builds the `tokenizers` file of multilingual-e5-small from the vocabulary in the weights."""

import unicodedata

from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import Unigram

from muniment.infra.embedding_server.weights import Vocabulary

NEVER = -1000.0
"""Score of the special pieces: `<s>` in a text is text (a strike-through tag), never a control token."""


def build(vocabulary: Vocabulary) -> Tokenizer:
    """A unigram tokenizer that adds `<s>` and `</s>`, without truncation and padding."""
    specials = {vocabulary.bos, vocabulary.eos, vocabulary.pad, vocabulary.unk, len(vocabulary.pieces) - 1}
    pairs = list(zip(vocabulary.pieces, vocabulary.scores, strict=True))
    for place in specials:
        pairs[place] = (pairs[place][0], NEVER)
    tokenizer = Tokenizer(Unigram(pairs, vocabulary.unk, byte_fallback=False))
    tokenizer.normalizer = _normalizer(vocabulary.normalisation)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="\u2581", prepend_scheme="always", split=True)
    bos, eos = vocabulary.pieces[vocabulary.bos], vocabulary.pieces[vocabulary.eos]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}", special_tokens=[(bos, vocabulary.bos), (eos, vocabulary.eos)]
    )
    return tokenizer


def _normalizer(mapping: dict[int, str]) -> normalizers.Normalizer:
    # The map is NFKC except for control characters (dropped) and odd white space (one blank): 45 of 4,837 entries.
    # NFKC over whole texts also composes Hangul from its parts, which the original model's own map does too.
    dropped: list[str] = []
    blank: list[str] = []
    for code_point, becomes in mapping.items():
        character = chr(code_point)
        if unicodedata.normalize("NFKC", character) == becomes:
            continue
        (blank if becomes == " " else dropped).append(character)
    steps: list[normalizers.Normalizer] = []
    if dropped:
        steps.append(normalizers.Replace(Regex(_one_of(dropped)), ""))
    if blank:
        steps.append(normalizers.Replace(Regex(_one_of(blank)), " "))
    steps += [normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    return normalizers.Sequence(steps)


def _one_of(characters: list[str]) -> str:
    return "[" + "".join(f"\\x{{{ord(character):X}}}" for character in characters) + "]"
