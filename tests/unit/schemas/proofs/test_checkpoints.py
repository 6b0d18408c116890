"""Checkpoints and the notes that they are signed as."""

import base64
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.producers.signing import Signer
from muniment.schemas.proofs.checkpoints import Checkpoint, origin_of, parse_checkpoint
from muniment.schemas.proofs.merkle import Head
from muniment.schemas.proofs.notes import Note, format_note, parse_note, signer_of, verifier_key
from muniment.schemas.proofs.signatures import PublicKey, Signature, key_id_of

ORIGIN = origin_of("abcd", "muniment.documents", 3)
FIRST = Checkpoint(ORIGIN, Head(5, bytes(range(32))), 7, datetime(2026, 11, 22, 10, 0, tzinfo=UTC))
HASHES = st.binary(min_size=32, max_size=32)
CHECKPOINTS = st.builds(
    Checkpoint,
    origin=st.just(ORIGIN),
    head=st.builds(Head, st.integers(0, 2**60), HASHES),
    next_offset=st.integers(0, 2**60),
    signed_at=st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1)).map(  # noqa: DTZ001 - Hypothesis wants them bare
        lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
    ),
    previous=st.none() | HASHES,
)


@given(CHECKPOINTS)
def test_a_checkpoint_reads_back_as_it_was(checkpoint: Checkpoint) -> None:
    """And in no other spelling, so that no two texts say the same."""
    assert parse_checkpoint(checkpoint.text) == checkpoint
    assert checkpoint.log == ("muniment.documents", 3)
    for other in (checkpoint.text + "\n", checkpoint.text[:-1], "\n" + checkpoint.text, checkpoint.text.upper()):
        with pytest.raises(ValueError, match="checkpoint"):
            parse_checkpoint(other)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n5\n", "\n05\n"),
        ("\n5\n", "\n-5\n"),
        ("Z\n", "+00:00\n"),
        ("next-offset 7", "next-offset +7"),
        ("previous -", "previous AAAA"),
        ("/3\n", "/three\n"),
        ("/3\n", "\n"),
    ],
)
def test_text_that_is_nearly_a_checkpoint_is_none(old: str, new: str) -> None:
    """Whatever is not written the one way is refused."""
    with pytest.raises(ValueError, match="not the text of a checkpoint"):
        parse_checkpoint(FIRST.text.replace(old, new, 1))


def test_the_text_is_as_written_down() -> None:
    """The format's three lines, then ours."""
    assert FIRST.text == (
        "muniment/abcd/muniment.documents/3\n5\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
        "next-offset 7\nsigned-at 2026-11-22T10:00:00Z\nprevious -\n"
    )


def test_a_note_tells_who_signed_it(tmp_path: Path) -> None:
    """Also after a rotation; a changed text, an unknown key and a signature of other text tell nobody."""
    signer = Signer(tmp_path / "signing.json")
    (key,) = signer.public_keys()
    note = format_note(FIRST.text, signer.sign_note(FIRST.text), key.value)
    signer.rotate()
    parsed = parse_note(note)
    assert parse_checkpoint(parsed.text) == FIRST
    assert signer_of(parsed, signer.public_keys()) is not None
    assert signer_of(parsed, signer.public_keys()[1:]) is None
    assert signer_of(Note(parsed.text.replace("\n5\n", "\n6\n"), parsed.signatures), signer.public_keys()) is None


def test_a_note_of_others_is_read() -> None:
    """The example that the specification of signed notes gives, with its own key."""
    vkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    note = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n"
        "\n"
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    name, _, encoded = vkey.split("+")
    key = PublicKey(name, base64.b64decode(encoded)[1:], datetime(2026, 1, 1, tzinfo=UTC))
    assert verifier_key(key) == vkey
    assert signer_of(parse_note(note), [key]) == key
    assert signer_of(parse_note(note.replace("cryptography", "Cryptography")), [key]) is None


@pytest.mark.parametrize(
    "note", ["", "text\n", "text\n\n", "text\n\n— name AAAA\n", "text\n\nname AAAA\n", "t\n\n— n x"]
)
def test_what_is_no_note_is_refused(note: str) -> None:
    """Neither without signature nor with one that is none."""
    with pytest.raises(ValueError, match=r"signed note|base64|padding|characters"):
        parse_note(note)


def test_nobody_can_sign_in_the_name_of_a_key_that_is_not_theirs(tmp_path: Path) -> None:
    """A key's id is made of the key."""
    mine, theirs = Signer(tmp_path / "mine.json"), Signer(tmp_path / "theirs.json")
    note = Note(FIRST.text, (Signature(theirs.public_keys()[0].key_id, mine.sign_note(FIRST.text).value),))
    assert signer_of(note, theirs.public_keys()) is None
    assert key_id_of(mine.public_keys()[0].value) == mine.public_keys()[0].key_id
