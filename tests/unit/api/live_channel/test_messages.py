"""Messages from clients: understood, or refused with what is wrong."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.api.live_channel.messages import Query, Typing, parse
from muniment.api.problems.problem import Problem


def test_what_is_left_out_has_a_meaning() -> None:
    """A question needs its id and its words alone."""
    asked = parse('{"type": "query", "id": "q1", "text": "leave?"}')
    assert isinstance(asked, Query)
    assert (asked.mode, asked.k, asked.language) == ("hybrid", 8, None)
    typed = parse('{"type": "typing", "id": "1", "text": ""}')
    assert isinstance(typed, Typing)
    assert typed.text == ""


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("no json", "message"),
        ("[]", "message"),
        ('{"type": "shout"}', "message"),
        ('{"type": "query", "id": "q1"}', "query.text"),
        ('{"type": "query", "id": "q1", "text": ""}', "query.text"),
        ('{"type": "query", "id": "", "text": "a"}', "query.id"),
        ('{"type": "query", "id": "q1", "text": "a", "k": 21}', "query.k"),
        ('{"type": "query", "id": "q1", "text": "a", "filters": {"where": 1}}', "query.filters.where"),
        ('{"type": "typing", "id": "1", "text": 5}', "typing.text"),
        ('{"type": "resume", "session": "s", "last_seq": -1}', "resume.last_seq"),
        ('{"type": "ping", "more": 1}', "ping.more"),
    ],
)
def test_a_message_that_is_none_is_told_what_is_wrong(text: str, where: str) -> None:
    """The problem names the field, and nothing of what stood in it."""
    with pytest.raises(Problem) as told:
        parse(text)
    assert told.value.code == "invalid_request"
    assert told.value.extra["errors"][0]["where"] == where
    assert "shout" not in told.value.detail


def test_a_text_that_is_too_long_is_refused() -> None:
    """2,000 characters are the most."""
    assert parse(json.dumps({"type": "typing", "id": "1", "text": "a" * 2000}))
    with pytest.raises(Problem):
        parse(json.dumps({"type": "typing", "id": "1", "text": "a" * 2001}))


@given(st.text(max_size=60) | st.recursive(st.none() | st.text(max_size=5), st.lists, max_leaves=5).map(json.dumps))
def test_anything_else_is_a_problem(text: str) -> None:
    """Whatever comes, it is a message or a problem, and nothing worse."""
    with pytest.raises(Problem):
        parse(text)
