"""The quick way to change a row says what the slow one says."""

from dataclasses import fields, replace
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from muniment.projections.changed import changed, same, says
from muniment.projections.jobs.state import Job

NAMES = [f.name for f in fields(Job)]
VALUES = st.dictionaries(
    st.sampled_from(NAMES[3:8]), st.none() | st.integers(0, 1) | st.sampled_from([{}, {"a": 1}]), max_size=3
)


@given(st.uuids(), st.dictionaries(st.sampled_from(NAMES), st.none() | st.integers()))
def test_a_changed_row_is_a_replaced_row(job_id, values):
    """The same row, and the old one stays as it was."""
    before = Job(job_id=job_id, tenant="acme", document_id=job_id)
    after = changed(before, **values)
    assert after == replace(before, **values)
    assert hash(before) == hash(Job(job_id=job_id, tenant="acme", document_id=job_id))


@given(VALUES, VALUES)
def test_two_rows_are_the_same_where_they_are_equal(one, other):
    """The quick look says what `==` says, and a row says exactly the values that leave it as it is."""
    blank = Job(job_id=UUID(int=1), tenant="acme", document_id=UUID(int=1))
    assert same(replace(blank, **one), replace(blank, **other)) == (replace(blank, **one) == replace(blank, **other))
    assert says(replace(blank, **one), other) == (replace(blank, **one) == replace(blank, **{**one, **other}))
