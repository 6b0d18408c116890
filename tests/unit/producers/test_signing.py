"""The signing keys."""

import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from muniment.producers.signing import Signer
from muniment.schemas.errors import StepFailure
from muniment.schemas.proofs.signatures import ENDORSE, PublicKey, Signature, key_id_of, verify

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return Signer(tmp_path / "keys" / "signing.json", now=lambda: NOW)


def test_a_signature_is_good_for_its_payload_purpose_and_key_alone(signer: Signer, tmp_path: Path) -> None:
    """Any other payload, purpose, key or bit makes it bad."""
    signed = signer.sign("certificate", b"all is well")
    (key,) = signer.public_keys()
    assert verify(key.value, "certificate", b"all is well", signed)
    assert not verify(key.value, "certificate", b"all is bad", signed)
    assert not verify(key.value, "receipt", b"all is well", signed)
    assert not verify(key.value, "cert", b"ificateall is well", signed)
    assert not verify(key.value, "certificate", b"all is well", Signature(signed.key_id, bytes(64)))
    (other,) = Signer(tmp_path / "other.json").public_keys()
    assert not verify(other.value, "certificate", b"all is well", signed)
    assert not verify(other.value, "certificate", b"all is well", Signature(other.key_id, signed.value))


def test_the_file_is_for_its_owner_alone_and_stays(signer: Signer, tmp_path: Path) -> None:
    """Mode 0600; a second signer of the same file has the same key and the same installation."""
    key, name = signer.public_keys(), signer.installation
    file = tmp_path / "keys" / "signing.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = Signer(file)
    assert (again.public_keys(), again.installation) == (key, name)
    assert [p.name for p in file.parent.iterdir()] == ["signing.json"]


def test_after_a_rotation_old_signatures_are_good_and_the_old_private_key_is_gone(
    signer: Signer, tmp_path: Path
) -> None:
    """The new key signs, the old one only checks, and it vouched for its successor."""
    before = signer.sign("receipt", b"erased")
    signer.rotate()
    third = signer.rotate()
    first, second, last = signer.public_keys()
    assert signer.verify("receipt", b"erased", before)
    assert last == third
    assert last.retired_at is None
    assert signer.sign("receipt", b"x").key_id == last.key_id == key_id_of(last.value)
    assert first.retired_at == second.retired_at == NOW
    assert first.endorsement is None
    assert endorsed(second, first)
    assert endorsed(last, second)
    assert not endorsed(last, first)
    file = tmp_path / "keys" / "signing.json"
    assert ["private" in one for one in json.loads(file.read_text())["keys"]] == [False, False, True]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_note_is_signed_as_it_is(signer: Signer) -> None:
    """Whoever knows Ed25519 alone can check it; what is no text is refused, so no purpose can be faked by a note."""
    signed = signer.sign_note("origin\n3\nroot\n")
    Ed25519PublicKey.from_public_bytes(signer.public_keys()[0].value).verify(signed.value, b"origin\n3\nroot\n")
    for wrong in ("no line's end", "\x00muniment signature v1\x00\n", "a\tb\n", ""):
        with pytest.raises(ValueError, match="note"):
            signer.sign_note(wrong)


def test_a_damaged_file_is_named_and_never_replaced(signer: Signer, tmp_path: Path) -> None:
    """Making new keys instead would make every old signature a stranger's."""
    file = tmp_path / "keys" / "signing.json"
    file.parent.mkdir()
    file.write_text('{"keys": []}')
    with pytest.raises(StepFailure, match="signing"):
        signer.sign("receipt", b"x")
    assert file.read_text() == '{"keys": []}'


def endorsed(key: PublicKey, before: PublicKey) -> bool:
    """Whether `before` vouched for `key` when it was replaced by it."""
    return key.endorsement is not None and verify(before.value, ENDORSE, key.value, key.endorsement)
