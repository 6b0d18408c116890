"""Extracting and chunking as a child process does them, on generated files: offsets lead back, and nothing personal
is left."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.formats import MAIL, pdf

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import Refused
from muniment.stream_apps.chunking import work as chunking
from muniment.stream_apps.chunking.chunk import Chunk
from muniment.stream_apps.chunking.policy import ChunkPolicy
from muniment.stream_apps.extracting import work as extracting
from muniment.stream_apps.extracting.limits import Limits
from muniment.stream_apps.scrubbing.kinds import ALL, Kind
from muniment.stream_apps.scrubbing.section import ScrubbedSection

PERSONAL = (
    MAIL,
    "+82 10-2345-6789",
    "900101-1234568",
    "4111 1111 1111 1111",
    "192.168.12.34",
    "GB82WEST12345698765432",
)
WORD = re.compile(r"w\d+q")


def extracted(folder: Path, content: bytes, name: str = "a.txt", kinds: frozenset[Kind] = ALL) -> extracting.Extracted:
    """Do the work on a file; the sections lie in `folder / "text"`."""
    source = folder / "source"
    source.write_bytes(content)
    task = extracting.Work(source, folder / "text", folder / "progress", name, Limits(), kinds)
    return extracting.work(task)


def sections(folder: Path) -> list[ScrubbedSection]:
    return [ScrubbedSection.from_json(line) for line in (folder / "text").read_bytes().splitlines()]


def chunked(folder: Path, characters: int, policy: ChunkPolicy) -> tuple[chunking.Chunked, list[Chunk]]:
    """Do the work on what was extracted."""
    task = chunking.Work(folder / "text", folder / "chunks", folder / "progress", characters, policy)
    return chunking.work(task), list(chunking.read(folder / "chunks"))


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Prose of numbered words and Korean, with personal data between them, in paragraphs and lines."""
    parts = draw(
        st.lists(
            st.one_of(
                st.sampled_from(PERSONAL),
                st.sampled_from(["창고에는 꽃이 피었다.", "한국어 문장입니다.", "Then it ended.", "naïve café", "🙂"]),
                st.just("word"),
            ),
            min_size=1,
            max_size=60,
        )
    )
    gaps = draw(st.lists(st.sampled_from([" ", "\n", "\n\n", ". ", " — "]), min_size=len(parts), max_size=len(parts)))
    words = (f"w{number}q" if part == "word" else part for number, part in enumerate(parts))
    return "The text begins w900q. " + "".join(f"{word}{gap}" for word, gap in zip(words, gaps, strict=True)) + "w901q"


@settings(max_examples=60, deadline=None)
@given(documents(), st.sampled_from([16, 32, 256]))
def test_offsets_lead_back_into_the_original(text: str, tokens: int) -> None:
    """Each chunk's place in the original holds just the words of the chunk; all words are there; nobody's data is."""
    policy = ChunkPolicy(max_tokens=tokens, overlap_tokens=tokens // 8, small_tokens=tokens // 4)
    with TemporaryDirectory() as name:
        folder = Path(name)
        result = extracted(folder, text.encode())
        total, chunks = chunked(folder, result.characters, policy)
    assert result.characters == len(text)
    assert total == chunking.Chunked(len(chunks), sum(chunk.tokens for chunk in chunks))
    assert [chunk.ordinal for chunk in chunks] == list(range(len(chunks)))
    for chunk in chunks:
        assert 0 <= chunk.start < chunk.end <= len(text)
        assert WORD.findall(chunk.text) == WORD.findall(text[chunk.start : chunk.end])
        assert not any(personal in chunk.text for personal in PERSONAL)
        if "[" not in chunk.text and "]" not in chunk.text:
            assert chunk.text == text[chunk.start : chunk.end]
    assert {word for chunk in chunks for word in WORD.findall(chunk.text)} == set(WORD.findall(text))
    assert sum(result.findings.values()) == sum(text.count(personal) for personal in PERSONAL)


def test_what_is_switched_off_stays(tmp_path: Path) -> None:
    """A kind that is not asked for is left in the text and not counted."""
    text = f"Write to {MAIL} or call +82 10-2345-6789."
    result = extracted(tmp_path, text.encode(), kinds=frozenset({Kind.PHONE}))
    assert sections(tmp_path)[0].text == f"Write to {MAIL} or call [phone]."
    assert result.findings == {"phone": 1}


def test_headings_and_titles_are_scrubbed_too(tmp_path: Path) -> None:
    """Of HTML and Markdown: neither what search shows above a hit nor the title of the document gives anybody away."""
    page = (
        f"<html><head><title>Letter to {MAIL}</title></head><body><h1>About {MAIL}</h1>"
        f"<p>{'He was there. ' * 20}</p></body></html>"
    )
    result = extracted(tmp_path, page.encode(), "a.html")
    assert result.media_type == "text/html"
    assert result.title == "Letter to [email]"
    assert "About [email]" in {section.heading for section in sections(tmp_path)}
    assert MAIL.encode() not in (tmp_path / "text").read_bytes()
    _, chunks = chunked(tmp_path, result.characters, ChunkPolicy())
    assert all(MAIL not in f"{chunk.heading}{chunk.text}" for chunk in chunks)

    result = extracted(tmp_path, f"# About {MAIL}\n\n{'He was there. ' * 20}\n".encode(), "a.md")
    assert MAIL.encode() not in (tmp_path / "text").read_bytes()
    assert MAIL not in (result.title or "")
    assert "About [email]" in {section.heading for section in sections(tmp_path)}


def test_pages_are_kept(tmp_path: Path) -> None:
    """Chunks of a PDF stand on the page they came from."""
    result = extracted(tmp_path, pdf([f"On page {n} there is w{n}q and {MAIL}." for n in (1, 2, 3)]), "a.pdf")
    assert (result.pages, result.findings) == (3, {"email": 3})
    _, chunks = chunked(tmp_path, result.characters, ChunkPolicy())
    assert [(chunk.page, WORD.findall(chunk.text)) for chunk in chunks] == [(n, [f"w{n}q"]) for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("content", "code"),
    [(b" \n\t\n ", ErrorCode.NO_TEXT), (b"\x7fELF\x02\x01\x01" + bytes(64), ErrorCode.TYPE_NOT_ALLOWED)],
)
def test_a_refusal_says_why(tmp_path: Path, content: bytes, code: ErrorCode) -> None:
    """And quotes nothing."""
    with pytest.raises(Refused) as refused:
        extracted(tmp_path, content)
    assert refused.value.code is code


def test_progress_is_told_on_the_way(tmp_path: Path) -> None:
    """In characters of the document, never beyond its end."""
    result = extracted(tmp_path, ("A sentence that fills a line well enough. " * 8 + "\n\n").encode() * 400)
    assert (tmp_path / "progress").read_text().split()[2] == "bytes"
    total, _ = chunked(tmp_path, result.characters, ChunkPolicy(max_tokens=16, overlap_tokens=0, small_tokens=8))
    assert total.chunks > 100
    done, of, unit = (tmp_path / "progress").read_text().split()
    assert (int(of), unit) == (result.characters, "characters")
    assert 0 < int(done) <= int(of)


def test_what_was_written_is_read_one_chunk_at_a_time(tmp_path: Path) -> None:
    """And the file is closed when the reader gives up early."""
    chunks = [Chunk(n, f"text {n}", n, n + 1, None, "A heading", 3) for n in range(3)]
    fields = [(c.ordinal, c.text, c.start, c.end, c.page, c.heading, c.tokens) for c in chunks]
    (tmp_path / "chunks").write_bytes(b"".join(orjson.dumps(f) + b"\n" for f in fields))
    assert list(chunking.read(tmp_path / "chunks")) == chunks
    some = chunking.read(tmp_path / "chunks")
    assert next(some) == chunks[0]
    some.close()
