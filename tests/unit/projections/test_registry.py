"""Every projection of the registry."""

import pytest

from muniment.projections.registry import PROJECTIONS
from muniment.projections.sql import statements, within
from muniment.schemas.topics import TOPICS


@pytest.mark.parametrize("name", PROJECTIONS)
def test_a_projection_is_whole(name: str) -> None:
    """Its name is its key, its topics are declared, its schema makes its tables, its views name a schema."""
    projection = PROJECTIONS[name](8)
    assert projection.name == name
    assert set(projection.topics) <= set(TOPICS)
    assert projection.raw_topics <= {t.name for t in projection.topics}
    for table in projection.tables:
        assert f"{{schema}}.{table} (" in projection.schema_sql
    assert all("{schema}" in query for query in projection.views.values())
    assert "{dimensions}" not in projection.schema_sql
    handled_topics = {cls.declaration.topic for cls in projection.handles}
    assert handled_topics <= set(projection.topics)


def test_statements_are_found_by_name() -> None:
    """A file of SQL gives its statements by name, the schema filled in."""
    found = statements("muniment.projections.chunks", "store.sql")
    assert {"guard", "whole", "clear"} <= set(found)
    assert within(found["clear"], "chunks_v1", table="indexed").startswith("delete from chunks_v1.indexed")
