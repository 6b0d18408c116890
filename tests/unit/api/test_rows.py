"""Rows as answers."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from muniment.api.rows import job_answer
from muniment.projections.jobs.queries import JobRow

MOMENT = datetime(2026, 1, 2, tzinfo=UTC)
INDEXED = JobRow(
    job_id=UUID(int=1), tenant="t", kind="submit", document_id=UUID(int=2), version=1, state="succeeded",
    step="indexing", done=None, total=None, unit=None, attempt=0, waits=0, retry_due_at=None, error_code=None,
    error=None, tokens=3, cost_micros=0, chunks=1, embedded=1, reused=0, lane="normal", created_at=MOMENT,
    started_at=MOMENT, finished_at=MOMENT, command_partition=0, command_offset=0, queue_position=None,
)  # fmt: skip


def test_a_job_ends_when_search_sees_what_it_brought() -> None:
    """Whoever sees a job end goes and searches: until search has come to the version the job is running."""
    early = job_answer(INDEXED, searchable=False)
    assert (early.state, early.ended, early.outcome, early.ended_at) == ("running", False, None, None)
    late = job_answer(INDEXED, searchable=True)
    assert (late.state, late.ended, late.outcome, late.ended_at) == ("succeeded", True, "indexed", MOMENT)


def test_nothing_to_do_needs_no_search() -> None:
    """An unchanged submission never left deciding; it brought nothing that search could be behind with."""
    unchanged = replace(INDEXED, step="deciding", chunks=None)
    assert not unchanged.indexed
    assert job_answer(unchanged).outcome == "unchanged"
    assert not replace(INDEXED, kind="delete").indexed
