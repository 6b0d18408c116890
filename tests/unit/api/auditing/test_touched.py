"""Which documents an entry names."""

from uuid import UUID

from hypothesis import example, given
from hypothesis import strategies as st

from muniment.api.auditing.touched import portions
from muniment.schemas.audit import MOST_DOCUMENTS, DocumentTouched


@given(st.lists(st.integers(0, 400), max_size=450))
@example([])
@example(list(range(MOST_DOCUMENTS)))
@example(list(range(MOST_DOCUMENTS + 1)))
def test_every_document_is_named_once_in_as_few_entries_as_hold_them(numbers):
    """In the order in which they come; of a request about none there is one entry."""
    documents = [DocumentTouched(UUID(int=one), None, ()) for one in numbers]
    found = portions(documents)
    each = list(dict.fromkeys(documents))
    assert [one for some in found for one in some] == each
    assert max(map(len, found)) <= MOST_DOCUMENTS
    assert len(found) == max(1, -(-len(each) // MOST_DOCUMENTS))
