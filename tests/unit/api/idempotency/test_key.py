"""What makes two requests one."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.api.idempotency.key import MAX_KEY, Fingerprint, parse_key

FORM = "multipart/form-data; boundary="


def fingerprint(*pieces: bytes, content_type: str = "application/json", **other: object) -> bytes:
    """The fingerprint of a body that came in these pieces."""
    asked = {"who": "key", "method": "POST", "path": "/v1/documents", "query": b""} | other
    made = Fingerprint(content_type=content_type, **asked)  # type: ignore[arg-type]
    for piece in pieces:
        made.update(piece)
    return made.digest()


@pytest.mark.parametrize(
    ("given_key", "key"), [('"abc"', "abc"), ("abc", "abc"), (' "a \\"b\\" c" ', 'a "b" c'), ("a-1_2.3", "a-1_2.3")]
)
def test_a_key_is_a_string_in_quotes_or_bare(given_key: str, key: str) -> None:
    """The structured-field string of the draft and the bare form name the same key."""
    assert parse_key([given_key]) == key


@pytest.mark.parametrize(
    "wrong", ["", '""', '"abc', "a b", "a,b", '"\u00e9"', '"a\\b"', "x" * (MAX_KEY + 1), '"a";p=1']
)
def test_what_is_no_key_is_refused(wrong: str) -> None:
    """Empty, unclosed, too long, not ASCII, a list, with parameters."""
    with pytest.raises(ValueError, match=r"wanted|characters"):
        parse_key([wrong])


def test_two_keys_are_no_key() -> None:
    """A header given twice is refused rather than chosen from."""
    with pytest.raises(ValueError, match="more than once"):
        parse_key(["a", "b"])


@given(
    st.text("abcd-\r\n", max_size=200),
    st.lists(st.integers(1, 250), max_size=6),
    st.sampled_from(["abcabX", "Xa", "--X"]),
)
def test_pieces_do_not_matter_and_neither_does_the_boundary(body: str, cuts: list[int], boundary: str) -> None:
    """However a form is cut into pieces and whatever boundary its client drew, it is the same request."""

    def form(line: str) -> bytes:
        return f"--{line}\r\n{body}\r\n--{line}--".encode()

    whole = form(boundary)
    edges = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    pieces = [whole[a:b] for a, b in pairwise(edges)]
    found = fingerprint(*pieces, content_type=FORM + boundary)
    assert found == fingerprint(whole, content_type=FORM + boundary)
    assert found == fingerprint(form("another-Y"), content_type=FORM + '"another-Y"')
    assert found != fingerprint(form(boundary) + b"more", content_type=FORM + boundary)


@pytest.mark.parametrize(
    "other",
    [{"who": "else"}, {"method": "PUT"}, {"path": "/v1/document"}, {"query": b"a=1"}, {"content_type": "text/x"}],
)
def test_whatever_else_differs_makes_another_request(other: dict[str, object]) -> None:
    """Who, method, path, query and type are part of a request; so is the body."""
    assert fingerprint(b"{}") != fingerprint(b"{}", **other)
    assert fingerprint(b"{}") != fingerprint(b"{ }")
