"""Which steps parked records are taken away from."""

from muniment.stream_apps.chunking.step import Chunking
from muniment.stream_apps.extracting.step import Extracting
from muniment.stream_apps.indexing.step import Indexing
from muniment.stream_apps.parking.withdrawing import WITHDRAWN_FROM


def test_only_steps_that_drop_a_cancelled_jobs_records_lose_them() -> None:
    """A step that works for cancelled jobs too would leave a command unanswered, or bytes behind."""
    steps = (Extracting, Chunking, Indexing)
    assert tuple(step.name for step in steps) == WITHDRAWN_FROM
    assert [step.works_for_cancelled for step in steps] == [False] * len(steps)
