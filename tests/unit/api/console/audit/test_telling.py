"""Values and names as people read them, topics as they are sealed, sentences where they stand."""

import unicodedata
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.api.console.audit.sealing import topics
from muniment.api.console.audit.telling import clipped, said
from muniment.api.console.audit.tracing import spans_of
from muniment.api.console.words import Words

AT = datetime(2026, 11, 22, 10, 15, tzinfo=UTC)


@given(st.text(max_size=80), st.integers(4, 40))
def test_a_clipped_text_fits(text, width):
    """Wide characters count twice; what fits already is left as it is."""
    shown = clipped(text, width)
    columns = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in shown)
    assert columns <= width
    flat = " ".join(text.split())
    assert shown == flat or shown.endswith("…")


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), ("", "–"), (3, "3"), (True, "True"), ("indexed", "indexed"), ({"email": 1}, '{"email": 1}'),
     (AT, "22 Nov 2026, 10:15 UTC")],
)  # fmt: skip
def test_a_value_is_said_as_people_read_it(value, text):
    """Nothing is a dash, a moment is written out, and what has parts is shown with them."""
    assert said(Words("en", {}), value) == text


def test_a_sentence_is_marked_where_it_stands():
    """Whole, whatever its spaces and case; where it does not stand whole, each of its words."""
    text = "Everyone has 25 days\nof leave. Days pass."
    assert [text[a:b] for a, b in spans_of(text, "25 DAYS of leave")] == ["25 days\nof leave"]
    assert [text[a:b] for a, b in spans_of(text, "leave in days")] == ["days", "leave", "Days"]
    assert spans_of(text, " ") == []


def row(partition: int, **how: Any) -> dict[str, Any]:
    usual = {
        "topic": "muniment.documents", "size": 10, "next_offset": 10, "checked_index": 5, "checked_at": AT, "passes": 1,
        "halted": None, "signed_size": 8, "signed_at": AT, "key_id": "sig-1", "outside_size": None, "outside_at": None,
    }  # fmt: skip
    return {**usual, "partition": partition, **how}


def test_a_topic_is_as_well_as_its_partitions():
    """Sums of leaves and of what is unsigned or halted; a partition that nobody signed yet does no harm."""
    new = {"size": 0, "signed_size": None, "signed_at": None, "key_id": None, "checked_index": 0}
    [topic] = topics([row(0), row(1, halted="why"), row(2, **new)])
    assert (topic.leaves, topic.unsigned, topic.halted, topic.signed_at, topic.outside_at) == (20, 4, 1, AT, None)
    assert [one.checked for one in topic.partitions] == [0.5, 0.5, 1.0]
