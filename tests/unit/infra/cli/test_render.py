"""How answers look."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from muniment.infra.cli import render


@pytest.mark.parametrize(
    ("count", "text"),
    [(None, ""), (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (5 * 2**20, "5.0 MiB"), (2**41, "2048.0 GiB")],
)
def test_sizes(count, text):
    """Bytes in the unit that fits."""
    assert render.size(count) == text


def test_times():
    """Roughly how long ago."""
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    moments = {"2026-11-22T11:59:30Z": "30 s ago", "2026-11-22T10:00:00Z": "2 h ago", "2026-11-19T12:00:00Z": "3 d ago"}
    assert {m: render.ago(m, now) for m in moments} == moments


@given(st.text(max_size=600), st.lists(st.tuples(st.integers(0, 600), st.integers(0, 60)), max_size=5))
def test_a_snippet_is_one_short_line(text, marks):
    """Whatever a hit holds, its snippet is one line of bounded length."""
    highlights = [{"start": s, "end": s + n} for s, n in sorted(marks) if s + n <= len(text)]
    line = render.snippet(text, highlights).plain
    assert "\n" not in line
    assert len(line) <= render.SNIPPET + 4


def test_a_snippet_shows_the_words_found():
    """The words of the question stand out."""
    text = "x" * 500 + " 25 days of leave"
    start = text.index("leave")
    line = render.snippet(text, [{"start": start, "end": start + 5}])
    assert line.plain.endswith("days of leave")
    assert any("bold" in str(span.style) and line.plain[span.start : span.end] == "leave" for span in line.spans)


def test_hits_say_where_they_stand():
    """Title, page, heading, offsets, scores, time, and what was degraded."""
    hit = {
        "document_id": "d",
        "version": 2,
        "title": None,
        "file_name": "leave.md",
        "page": 3,
        "heading": "Leave",
        "start": 10,
        "end": 20,
        "text": "25 days",
        "highlights": [],
        "scores": {"score": 0.5, "vector_rank": 1, "text_rank": None},
    }
    console = Console(width=100, record=True, file=StringIO())
    found = {"hits": [hit], "took_ms": 12.3, "mode": "text", "degraded": "embedding_unavailable"}
    render.show_hits(console, found)
    text = console.export_text()
    for part in (
        "1 hit in 12 ms, text",
        "leave.md",
        "page 3 · Leave · characters 10–20",
        "0.500  vector #1",
        "by words only",
    ):
        assert part in text


ID = "01a2013e-04e3-71b4-9ce0-816dcab46d95"


def shown(width, rows, **how):
    """What a table looks like on so many columns."""
    out = StringIO()
    console = Console(file=out, width=width)
    console.print(render.table(("job", "why", "size", "pages"), rows, width=width, **how))
    return out.getvalue()


@pytest.mark.parametrize("width", [60, 80, 120])
def test_ids_stay_on_one_line(width):
    """An id can be copied at any width; what else there is makes room."""
    text = shown(width, [(ID, "no_text: nothing in it " * 4, "1.0 KiB", 3)], whole={"job"}, spare=("pages", "size"))
    assert ID in text
    assert all(len(line.rstrip()) <= width for line in text.splitlines())
    assert ("pages" in text) == (width > 70)


@given(st.lists(st.tuples(st.text(max_size=60), st.integers()), max_size=4), st.integers(50, 140))
def test_a_table_holds_its_width(pairs, width):
    """Whatever the cells hold."""
    rows = [(ID, text.replace("\n", " "), "1 B", number) for text, number in pairs]
    text = shown(width, rows, whole={"job"}, spare=("size",))
    assert text.count(ID) == len(rows)


def test_jobs_say_what_they_came_to():
    """Where they are, what they made, or the code of why not."""
    job = {"ended": True, "chunks": 3, "error": None}
    assert render.came_to(job) == "3 chunks"
    assert render.came_to(job | {"chunks": None}) == ""
    assert render.came_to(job | {"error": {"code": "no_text", "reason": "nothing"}}) == "no_text"
    under_way = {"ended": False, "step": "embedding", "progress": {"done": 1, "total": 2, "unit": "batches"}}
    assert render.came_to(under_way) == "embedding 1/2 batches"
