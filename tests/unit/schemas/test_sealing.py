"""Personal payloads under a key of their document."""

from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support.events import data_keys

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.sealing import NONCE_BYTES, DataKey, key_id_of, seal, unseal

plaintexts = st.binary(max_size=200)
nonces = st.binary(min_size=NONCE_BYTES, max_size=NONCE_BYTES)
KEY = DataKey(UUID(int=1), bytes(range(32)))


@given(key=data_keys, plaintext=plaintexts, aad=st.binary(max_size=60), nonce=nonces)
def test_what_is_sealed_opens_again(key: DataKey, plaintext: bytes, aad: bytes, nonce: bytes) -> None:
    """Sealing and opening under the same key and binding gives the text back; the key's id is in clear."""
    sealed = seal(key, plaintext, aad=aad, nonce=nonce)
    assert unseal(key, sealed, aad=aad) == plaintext
    assert key_id_of(sealed) == key.key_id


@given(plaintext=plaintexts, nonce=nonces, data=st.data())
def test_one_flipped_bit_does_not_open(plaintext: bytes, nonce: bytes, data: st.DataObject) -> None:
    """Any change of any byte is noticed."""
    sealed = bytearray(seal(KEY, plaintext, aad=b"here", nonce=nonce))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(StepFailure) as error:
        unseal(KEY, bytes(sealed), aad=b"here")
    assert error.value.code is ErrorCode.UNDECODABLE


@given(plaintext=plaintexts, nonce=nonces, here=st.binary(max_size=20), there=st.binary(max_size=20))
def test_another_binding_does_not_open(plaintext: bytes, nonce: bytes, here: bytes, there: bytes) -> None:
    """A ciphertext moved to another event or field is refused."""
    assume(here != there)
    with pytest.raises(StepFailure):
        unseal(KEY, seal(KEY, plaintext, aad=here, nonce=nonce), aad=there)


def test_another_key_does_not_open() -> None:
    """Neither a key of another id nor another secret under the same id."""
    sealed = seal(KEY, b"text", aad=b"", nonce=bytes(NONCE_BYTES))
    for wrong in (DataKey(UUID(int=2), KEY.secret), DataKey(KEY.key_id, bytes(32))):
        with pytest.raises(StepFailure) as error:
            unseal(wrong, sealed, aad=b"")
        assert error.value.code is ErrorCode.UNDECODABLE


@pytest.mark.parametrize("size", [0, NONCE_BYTES - 1, NONCE_BYTES + 1, 16])
def test_a_nonce_of_another_size_is_refused(size: int) -> None:
    """GCM with other nonce sizes is another construction."""
    with pytest.raises(ValueError, match="nonce"):
        seal(KEY, b"", aad=b"", nonce=bytes(size))


@given(junk=st.binary(max_size=60))
def test_junk_is_undecodable(junk: bytes) -> None:
    """Bytes that nobody sealed never open, and raise nothing else."""
    with pytest.raises(StepFailure) as error:
        unseal(KEY, junk, aad=b"")
    assert error.value.code is ErrorCode.UNDECODABLE


def test_a_key_does_not_show_its_secret() -> None:
    """A key in a log line or traceback gives nothing away."""
    assert KEY.secret.hex() not in repr(KEY)
    assert repr(KEY.secret) not in repr(KEY)
