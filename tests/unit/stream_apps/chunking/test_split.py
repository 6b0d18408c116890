"""The laws of chunking: all of the text, exact places, bounded sizes, on good borders."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.stream_apps.chunking.chunk import Chunk
from muniment.stream_apps.chunking.policy import ChunkPolicy
from muniment.stream_apps.chunking.split import split
from muniment.stream_apps.chunking.tokens import counter
from muniment.stream_apps.scrubbing.scrub import scrub
from muniment.stream_apps.scrubbing.section import ScrubbedSection

KOREAN = "한국어 문장입니다. 서울의 봄은 따뜻합니다! 이것은 시험을 위한 글입니까? 그렇습니다.\n"
ENGLISH = "The section is about the parting of texts. It has sentences. Dr. Who wrote to a@b.example.org once.\n\n"
FAMILY = "👨‍👩‍👧‍👦🇰🇷 e\u0301a\u0308 각 "
FIXED = st.sampled_from([KOREAN, ENGLISH, FAMILY, " ", "\n\n", "010-1234-5678 "])
PIECES = st.lists(st.one_of(FIXED, st.text(max_size=20)), max_size=12).map("".join)
HEADED = st.tuples(PIECES, st.sampled_from([None, 1, 2]), st.sampled_from([None, "A", "B"]))


def sections_of(pieces: list[tuple[str, int | None, str | None]]) -> list[ScrubbedSection]:
    sections, start = [], 0
    for text, page, heading in pieces:
        scrubbed = scrub(text)
        sections.append(ScrubbedSection(scrubbed.text, start, page, heading, scrubbed.edits))
        start += len(text)
    return sections


def visible(text: str) -> int:
    return sum(not c.isspace() for c in text)


def scrubbed_place(sections: list[ScrubbedSection]) -> dict[int, str]:
    """Original offset to character, for every unedited visible character, by walking the edits one by one."""
    places: dict[int, str] = {}
    for section in sections:
        original, position = section.start, 0
        for edit in section.edits:
            places |= {original + i: c for i, c in enumerate(section.text[position : edit.start])}
            original += edit.start - position + edit.original_length
            position = edit.end
        places |= {original + i: c for i, c in enumerate(section.text[position:])}
    return {place: c for place, c in places.items() if not c.isspace()}


@pytest.fixture(params=["unigram", "bytes"])
def policy(request: pytest.FixtureRequest, unigram_file: str, byte_file: str) -> ChunkPolicy:
    if request.param == "unigram":
        return ChunkPolicy(max_tokens=40, overlap_tokens=8, small_tokens=12, tokenizer=unigram_file)
    return ChunkPolicy(max_tokens=120, overlap_tokens=30, small_tokens=40, tokenizer=byte_file)


@settings(max_examples=150, deadline=None)
@given(pieces=st.lists(HEADED, max_size=6), first=st.integers(0, 1000))
def test_the_laws_of_chunking(
    unigram_file: str, byte_file: str, pieces: list[tuple[str, int | None, str | None]], first: int
) -> None:
    """Everything visible is in a chunk, in order, at its place, within the limit, on one page, the same every time."""
    sections = sections_of(pieces)
    whole = "".join(section.text for section in sections)
    for policy in (
        ChunkPolicy(max_tokens=40, overlap_tokens=8, small_tokens=12, tokenizer=unigram_file),
        ChunkPolicy(max_tokens=40, overlap_tokens=0, small_tokens=0, tokenizer=byte_file),
    ):
        chunks = list(split(iter(sections), policy, first_ordinal=first))
        assert chunks == list(split(sections, policy, first_ordinal=first))
        assert [chunk.ordinal for chunk in chunks] == list(range(first, first + len(chunks)))
        places = scrubbed_place(sections)
        covered: set[int] = set()
        for chunk in chunks:
            assert chunk.text in whole
            assert chunk.text.strip()
            assert chunk.tokens == counter(policy.tokenizer)(chunk.text) <= policy.max_tokens
            inside = [place for place in range(chunk.start, chunk.end) if place in places]
            covered.update(inside)
            if not set("[]") & set(chunk.text):
                assert "".join(places[place] for place in inside) == "".join(c for c in chunk.text if not c.isspace())
            home = next(s for s in sections if s.start <= chunk.start < s.end)
            assert (home.page, home.heading) == (chunk.page, chunk.heading)
        assert covered == places.keys()
        assert all(a.start <= b.start and a.end <= b.end for a, b in pairwise(chunks))


GRAPHEMES = ["👨‍👩‍👧‍👦", "🇰🇷", "e\u0301", "각", "각", "a", " ", "."]


@settings(max_examples=60, deadline=None)
@given(text=st.lists(st.sampled_from(GRAPHEMES), max_size=80).map("".join))
def test_no_cut_goes_through_a_grapheme(byte_file: str, text: str) -> None:
    """Families, flags, accents and decomposed Hangul stay whole."""
    borders = {0, len(text)} | {m.start() for m in regex.finditer(r"\X", text)}
    policy = ChunkPolicy(max_tokens=32, overlap_tokens=8, small_tokens=0, tokenizer=byte_file)
    for chunk in split([ScrubbedSection(text, 0)], policy):
        assert {chunk.start, chunk.end} <= borders


def test_a_grapheme_above_the_limit_is_cut_rather_than_the_limit_broken(byte_file: str) -> None:
    """A letter with a thousand accents is an attack, not a letter."""
    policy = ChunkPolicy(max_tokens=32, overlap_tokens=0, small_tokens=0, tokenizer=byte_file)
    chunks = list(split([ScrubbedSection("e" + "\u0301" * 1000, 0)], policy))
    assert max(chunk.tokens for chunk in chunks) <= 32
    assert sum(len(chunk.text) for chunk in chunks) == 1001


def test_korean_is_cut_between_sentences(policy: ChunkPolicy) -> None:
    """A chunk of Korean ends where a sentence ends."""
    chunks = list(split([ScrubbedSection(KOREAN * 10, 0)], policy))
    assert len(chunks) > 3
    assert all(chunk.text[-1] in ".!?" for chunk in chunks)


def test_neighbours_overlap(policy: ChunkPolicy) -> None:
    """The end of a chunk is the beginning of the next, where sentences are short enough."""
    text = "".join(f"a {n}. " for n in range(200))
    chunks = list(split([ScrubbedSection(text, 0)], policy))
    assert all(b.start < a.end for a, b in pairwise(chunks))


def test_a_heading_goes_with_its_line(policy: ChunkPolicy) -> None:
    """Small sections of a page become one chunk under the first one's heading; the next page begins anew."""
    sections = sections_of([("Title\n", 1, "A"), ("One line.\n", 1, "B"), ("Other page.\n", 2, "B")])
    assert list(split(sections, policy)) == [
        Chunk(0, "Title\nOne line.", 0, 15, 1, "A", counter(policy.tokenizer)("Title\nOne line.")),
        Chunk(1, "Other page.", 16, 27, 2, "B", counter(policy.tokenizer)("Other page.")),
    ]


def test_sections_apart_are_not_joined(policy: ChunkPolicy) -> None:
    """What does not follow at once stays apart: its text would not be a slice of the original."""
    assert len(list(split([ScrubbedSection("one", 0), ScrubbedSection("two", 9)], policy))) == 2


def test_a_large_section_keeps_its_own_heading_after_a_title(policy: ChunkPolicy) -> None:
    """Only the chunk that begins with the title carries the title's heading."""
    chunks = list(split(sections_of([("Title\n", 1, "A"), ("The a of it.\n" * 40, 1, "B")]), policy))
    assert chunks[0].text.startswith("Title\n")
    assert {chunk.heading for chunk in chunks[1:]} == {"B"}


def test_a_little_too_much_is_cut_in_even_pieces(unigram_file: str) -> None:
    """A section just above the limit does not leave a crumb."""
    policy = ChunkPolicy(max_tokens=100, overlap_tokens=0, small_tokens=0, tokenizer=unigram_file)
    tokens = [chunk.tokens for chunk in split([ScrubbedSection("a a a .\n" * 22, 0)], policy)]
    assert sum(tokens) == 110
    assert min(tokens) > 50 - 5


def test_places_lead_through_edits_into_the_original(policy: ChunkPolicy) -> None:
    """A chunk after a replacement still names the original's characters."""
    original = "Write to somebody.somewhere@example.org. " + "Tail of it."
    (chunk,) = split(sections_of([(original, None, None)]), policy)
    assert (chunk.start, chunk.end) == (0, len(original))
    assert chunk.text == "Write to [email]. Tail of it."


def test_chunks_come_while_sections_are_still_being_read(policy: ChunkPolicy) -> None:
    """The first chunk does not wait for the last section."""

    def endless() -> Iterator[ScrubbedSection]:
        start = 0
        while True:
            yield ScrubbedSection(ENGLISH * 5, start)
            start += len(ENGLISH) * 5

    chunks = split(endless(), policy)
    assert [next(chunks).ordinal for _ in range(50)] == list(range(50))


def test_the_default_policy_cuts_by_openai_tokens() -> None:
    """No file is needed for the default."""
    chunks = list(split([ScrubbedSection((ENGLISH + KOREAN) * 60, 0)], ChunkPolicy()))
    assert len(chunks) > 5
    assert all(chunk.tokens <= 384 for chunk in chunks)


def test_no_text_is_no_chunk(policy: ChunkPolicy) -> None:
    """Nothing, and nothing but white space, gives nothing."""
    assert not list(split([], policy))
    assert not list(split([ScrubbedSection("", 0), ScrubbedSection(" \n\t ", 0)], policy))
