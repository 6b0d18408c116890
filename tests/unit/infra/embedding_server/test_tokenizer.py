"""The tokenizer that is built from the vocabulary."""

from muniment.infra.embedding_server.tokenizer import build
from muniment.infra.embedding_server.weights import Vocabulary

PIECES = ("<s>", "<pad>", "</s>", "<unk>", "▁", "▁a", "b", "가", "<", "s", ">", "<mask>")
VOCABULARY = Vocabulary(
    pieces=PIECES,
    scores=(0, 0, 0, 0, -3, -2, -3, -3, -4, -4, -4, 0),
    bos=0,
    eos=2,
    pad=1,
    unk=3,
    normalisation={0x01: "", 0x09: " ", 0xFF41: "a", 0x200B: " "},
)


def pieces(text: str) -> list[str]:
    return [PIECES[token] for token in build(VOCABULARY).encode(text).ids]


def test_ends_are_added() -> None:
    """Every text lies between `<s>` and `</s>`."""
    assert pieces("ab") == ["<s>", "▁a", "b", "</s>"]


def test_a_tag_in_the_text_is_text() -> None:
    """`<s>` that a document contains is three characters, not the control token."""
    assert pieces("<s>") == ["<s>", "▁", "<", "s", ">", "</s>"]


def test_characters_are_normalised_as_the_model_learnt_them() -> None:
    """Full width becomes plain, control characters go, odd white space is one blank, Hangul is composed."""
    assert pieces("\uff41\x01b") == ["<s>", "▁a", "b", "</s>"]
    assert pieces("b\t\u200b  a") == ["<s>", "▁", "b", "▁a", "</s>"]
    assert pieces("\u1100\u1161") == ["<s>", "▁", "가", "</s>"]


def test_the_unknown_is_unknown() -> None:
    """A character without a piece becomes the unknown token."""
    assert pieces("é") == ["<s>", "▁", "<unk>", "</s>"]
