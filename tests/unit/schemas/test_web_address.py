"""Web addresses taken apart: what can be read in one way only."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.schemas.web_address import parse, redirected


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://example.org", "https://example.org/"),
        ("HTTPS://Example.ORG:443/a?b=c#d", "https://example.org/a?b=c"),
        ("http://example.org.:8080/%7Ea/", "http://example.org:8080/%7Ea/"),
        ("http://[2001:DB8::1]/", "http://[2001:db8::1]/"),
        (
            "https://예시.example/경로?이름=값",
            "https://xn--vv4b11d.example/%EA%B2%BD%EB%A1%9C?%EC%9D%B4%EB%A6%84=%EA%B0%92",
        ),
        ("https://example.org?a=/@b", "https://example.org/?a=/@b"),
    ],
)
def test_an_address_is_asked_for_in_one_form(text: str, shown: str) -> None:
    """Scheme and host in lower case, no usual port, no fragment, ASCII only; read again it is the same."""
    address = parse(text)
    assert str(address) == shown
    assert parse(shown) == address


@pytest.mark.parametrize(
    "text",
    [
        "", "example.org", "//example.org/", "ftp://example.org/", "file:///etc/passwd", "javascript:alert(1)",
        "http://", "http:///path", "http://user@example.org/", "http://user:secret@example.org/",
        "http://example.org@127.0.0.1/", "http://127.0.0.1\\@example.org/", "http://example.org\\.evil/",
        "http://exa mple.org/", "http://example.org/\r\nHost: evil", "http://example.org/\x00", "http://example.org:0/",
        "http://example.org:/", "http://example.org:99999/", "http://example.org:8o/", "http://[fe80::1%25eth0]/",
        "http://[::1/", "http://[127.0.0.1]/", "http://a..b/", "http://-a.example/", "http://exam%70le.org/",
        "http://" + "a" * 64 + ".example/", "https://example.org/" + "a" * 2048,
    ],
)  # fmt: skip
def test_what_could_be_read_in_two_ways_is_no_address(text: str) -> None:
    """Other schemes, user names, backslashes, control characters, hosts and ports that are none."""
    with pytest.raises(ValueError, match="address"):
        parse(text)


def test_a_redirect_is_an_address_too() -> None:
    """Relative or not; it never leads from https back to http, and is held to the same rules."""
    start = parse("https://example.org/a/b?c")
    assert str(redirected(start, "d")) == "https://example.org/a/d"
    assert str(redirected(start, "//other.example/")) == "https://other.example/"
    assert str(redirected(parse("http://example.org/"), "https://example.org/")) == "https://example.org/"
    for wrong in ("http://example.org/", "ftp://example.org/", "//user@example.org/", "http://[/"):
        with pytest.raises(ValueError, match=r"it leads|address"):
            redirected(start, wrong)


@given(st.text(max_size=60), st.sampled_from(["", "http://", "https://", "http://a.example/"]))
def test_any_text_is_an_address_or_a_value_error(text: str, start: str) -> None:
    """Nothing else comes out, and what is an address names its host in ASCII without tricks."""
    with suppress(ValueError):
        address = parse(start + text)
        assert address.host.isascii()
        assert not set(address.host) & set("@/\\?# %")
        assert str(address).isascii()
        assert parse(str(address)) == address
