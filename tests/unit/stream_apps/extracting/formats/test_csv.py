"""Tables."""

from collections.abc import Callable
from pathlib import Path

from muniment.stream_apps.extracting.media_types import CSV, MediaType
from muniment.stream_apps.extracting.section import Section

Read = Callable[[Path, MediaType], list[Section]]
Write = Callable[[bytes | str], Path]


def whole(sections: list[Section]) -> str:
    return "".join(section.text for section in sections)


def test_a_row_carries_the_names_of_its_columns(write: Write, read: Read) -> None:
    """A hit in a table makes sense without the header; empty cells and line breaks vanish."""
    source = '이름;도시;note\n김;서울;"two\nlines"\n이;;x\n'
    assert whole(read(write(source.encode("cp949")), CSV)) == (
        "이름; 도시; note\n이름: 김; 도시: 서울; note: two lines\n이름: 이; note: x\n"
    )


def test_a_table_without_names_is_read_too(write: Write, read: Read) -> None:
    """Numbers in the first row are values, not names."""
    assert whole(read(write("1,a\n2,b\n"), CSV)) == "1; a\n2; b\n"


def test_an_open_quote_does_not_swallow_the_table(write: Write, read: Read) -> None:
    """A row that cannot be parsed is kept as it stands."""
    text = whole(read(write('name,note\nkim,"' + "open\n" * 60_000), CSV))
    assert text.count("open") == 60_000
