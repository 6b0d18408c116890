"""Fingerprints: equal for failures that differ in ids and numbers only."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from muniment.schemas.error_codes import ErrorCode
from muniment.stream_apps.retrying.fingerprint import fingerprint, normalised


def named(message: str, code: ErrorCode = ErrorCode.UNEXPECTED) -> str:
    return fingerprint(code, message, step="embedding", schema="ChunksPrepared.v1")


parts = st.tuples(st.uuids(), st.integers(0), st.binary(min_size=8))


@given(parts, parts)
def test_ids_and_numbers_do_not_matter(one: tuple[UUID, int, bytes], other: tuple[UUID, int, bytes]) -> None:
    """Uuids, numbers and hexadecimal digests vanish from the name."""

    def message(u: UUID, n: int, h: bytes) -> str:
        return f"chunk {n} of {u} (sha256:0x{h.hex()}) failed"

    assert named(message(*one)) == named(message(*other))


def test_what_differs_in_words_differs() -> None:
    """Another message, code, step, schema or version of it gives another name."""
    names = {
        named("a b"),
        named("a c"),
        named("a b", ErrorCode.STEP_TIMEOUT),
        fingerprint(ErrorCode.UNEXPECTED, "a b", step="chunking", schema="ChunksPrepared.v1"),
        fingerprint(ErrorCode.UNEXPECTED, "a b", step="embedding", schema="DocumentExtracted.v1"),
        fingerprint(ErrorCode.UNEXPECTED, "a b", step="embedding", schema="ChunksPrepared.v2"),
    }
    assert len(names) == 6
    assert all(len(name) == 16 for name in names)


def test_words_of_hex_letters_stay() -> None:
    """A word that happens to be of the letters a to f is a word."""
    assert normalised("Facade  DEADBEEF 12,345.6") == "facade deadbeef <n>"


@given(st.text())
def test_any_message_has_a_short_name(message: str) -> None:
    """Whatever the message, the name is sixteen hexadecimal digits, and normalising twice changes nothing."""
    assert len(named(message)) == 16
    assert normalised(normalised(message)) == normalised(message)
