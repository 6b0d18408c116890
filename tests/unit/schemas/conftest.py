"""A registry that a test may add to."""

from collections.abc import Iterator

import pytest

from muniment.schemas import codec, schema_ids
from muniment.schemas.event import REGISTRY
from muniment.schemas.upcasters import UPCASTERS


@pytest.fixture
def open_registry() -> Iterator[None]:
    """Events, ids and upcasters that a test declares are gone after it."""
    declared, upcasters = dict(REGISTRY), dict(UPCASTERS)
    ids, names = dict(schema_ids.ids()), dict(schema_ids.names())
    yield
    for live, before in (
        (REGISTRY, declared),
        (UPCASTERS, upcasters),
        (schema_ids.ids(), ids),
        (schema_ids.names(), names),
    ):
        live.clear()  # type: ignore[attr-defined]
        live.update(before)  # type: ignore[attr-defined]
    codec._wire_schema.cache_clear()
    codec._inner_schema.cache_clear()
