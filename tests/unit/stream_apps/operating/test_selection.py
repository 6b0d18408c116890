"""What a command's selection means."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from muniment.stream_apps.operating.selection import BadSelection, Selection, selection


def test_every_part_is_read() -> None:
    """Names as they are, ids and moments as what they are."""
    found = selection({"step": "embedding", "document_id": str(UUID(int=1)), "from": "2026-01-02T00:00:00+00:00"})
    assert found == Selection(step="embedding", document_id=UUID(int=1), since=datetime(2026, 1, 2, tzinfo=UTC))
    assert selection({}) == Selection()


@pytest.mark.parametrize("given", [{"colour": "red"}, {"job_id": "7"}, {"to": "tomorrow"}, {"to": "2026-01-02"}])
def test_what_cannot_be_read_is_named(given: dict[str, str]) -> None:
    """Rather nothing is selected than everything by a slip."""
    with pytest.raises(BadSelection, match=next(iter(given))):
        selection(given)
