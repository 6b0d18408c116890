"""The key-encryption keys."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.producers.key_file import KeyFile, load
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

FILE = KeyFile("one", {"one": bytes(32), "two": bytes(31) + b"2"})


@given(secret=st.binary(min_size=32, max_size=32), aad=st.binary(max_size=30))
def test_what_is_wrapped_unwraps(secret: bytes, aad: bytes) -> None:
    """Under the current key, and only with the same binding; two wrappings differ."""
    name, wrapped = FILE.wrap(secret, aad=aad)
    assert name == "one"
    assert FILE.unwrap(name, wrapped, aad=aad) == secret
    assert FILE.wrap(secret, aad=aad)[1] != wrapped
    for key, binding in (("two", aad), ("one", aad + b"x"), ("gone", aad)):
        with pytest.raises(StepFailure) as error:
            FILE.unwrap(key, wrapped, aad=binding)
        assert error.value.code is ErrorCode.KEY_RING_UNUSABLE


def test_a_new_file_is_made_once_for_our_eyes_only(tmp_path: Path) -> None:
    """The first start makes a key of 32 bytes in a file of mode 0600; later ones read it."""
    path = tmp_path / "keys" / "ring.json"
    made = load(path)
    assert load(path) == made
    assert len(made.keys[made.current]) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["ring.json"]


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    """Of many that find no file at once all end with the same key."""
    path = tmp_path / "ring.json"
    with ThreadPoolExecutor(8) as pool:
        files = list(pool.map(lambda _: load(path), range(8)))
    assert len({f.current for f in files}) == 1
    assert len({json.dumps(sorted(f.keys)) for f in files}) == 1


def test_a_key_file_shows_no_key() -> None:
    """Printed, it gives nothing away."""
    assert "keys" not in repr(FILE)
