"""What a fetched file is called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.schemas.web_address import parse
from muniment.stream_apps.fetching.naming import name_of


@pytest.mark.parametrize(
    ("text", "disposition", "name"),
    [
        ("https://example.org/a/leave.pdf?x=y.html", None, "leave.pdf"),
        ("https://example.org/%ED%9C%B4%EA%B0%80.md", None, "휴가.md"),
        ("https://example.org/a/..%2f..%2Fetc%2Fpasswd", None, "passwd"),
        ("https://www.example.org/", None, "www.example.org"),
        ("https://www.example.org/docs/", None, "docs"),
        ("https://example.org/x", 'attachment; filename="report.pdf"', "report.pdf"),
        ("https://example.org/x", "attachment; filename*=UTF-8''%ED%9C%B4%EA%B0%80.pdf", "휴가.pdf"),
        ("https://example.org/x", 'attachment; filename="../../etc/passwd"', "passwd"),
        ("https://example.org/x", 'attachment; filename="C:\\\\temp\\\\a.doc"', "a.doc"),
        ("https://example.org/x.txt", "inline", "x.txt"),
        ("https://example.org/x.txt", 'attachment; filename=""', "x.txt"),
    ],
)
def test_the_server_names_it_or_else_its_address(text: str, disposition: str | None, name: str) -> None:
    """The last part only, whatever it is called."""
    assert name_of(parse(text), disposition) == name


@given(st.text(max_size=80))
def test_no_header_breaks_it(said: str) -> None:
    """Any text in the header gives a name of one part, which can be encoded."""
    for disposition in (said, f"attachment; filename={said}", f"attachment; filename*=UTF-8''{said}"):
        name = name_of(parse("https://example.org/x"), disposition)
        assert 1 <= len(name) <= 255
        assert not set(name) & set("/\\\0\r\n")
        name.encode()
