"""The statements of search, of now and of a moment."""

import re
from datetime import UTC, datetime

import pytest

from muniment.projections.chunks.models import of_model
from muniment.projections.chunks.moments import told
from muniment.projections.sql import statements
from muniment.projections.validity import Moment

THEN = Moment.end_of(datetime(2026, 1, 2, tzinfo=UTC))
SEARCH = {
    name: text.replace("{join}", "").replace("{filter}", "")
    for name, text in statements("muniment.projections.chunks").items()
    if name in {"intro", "vector_exact", "vector_near", "text_all", "text_any", "passages"}
}


@pytest.mark.parametrize("name", SEARCH)
def test_a_search_of_now_reads_nothing_of_the_past(name: str) -> None:
    """Neither a table of the past nor a range: the past can grow without a cost to it."""
    statement, given = told(SEARCH[name], ["acme"], None)
    statement = of_model(statement, None)
    assert not re.search(r"past_|_ranges|seen_versions|from_at|\{", statement)
    assert given == ["acme"]


@pytest.mark.parametrize("model", [None, "e5", "e5-large#8"])
@pytest.mark.parametrize("name", SEARCH)
def test_a_search_of_then_names_its_moment_after_all_that_was_given(name: str, model: str | None) -> None:
    """And compares the vectors of one model only: others may be of another length."""
    statement, given = told(SEARCH[name], ["acme", 2, 3, 4, 5], THEN, rows="all", model=model)
    statement = of_model(statement, model)
    assert given == ["acme", 2, 3, 4, 5, *THEN]
    assert {"$6::timestamptz", "$7::text"} <= set(re.findall(r"\$[67]::\w+", statement))
    assert "{" not in statement
    if name == "vector_exact":
        assert ("model not like '%#%'" in statement) is (model != "e5-large#8")
