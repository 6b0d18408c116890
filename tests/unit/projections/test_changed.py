"""The quick way to change a row says what the slow one says."""

from dataclasses import fields, replace

from hypothesis import given
from hypothesis import strategies as st

from muniment.projections.changed import changed
from muniment.projections.jobs.state import Job

NAMES = [f.name for f in fields(Job)]


@given(st.uuids(), st.dictionaries(st.sampled_from(NAMES), st.none() | st.integers()))
def test_a_changed_row_is_a_replaced_row(job_id, values):
    """The same row, and the old one stays as it was."""
    before = Job(job_id=job_id, tenant="acme", document_id=job_id)
    after = changed(before, **values)
    assert after == replace(before, **values)
    assert hash(before) == hash(Job(job_id=job_id, tenant="acme", document_id=job_id))
