"""What is put off until search has come to it, and how much of it at most."""

from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from support.feed import NOW, job_row

from muniment.api.live.telling import HELD, Telling
from muniment.projections.jobs.feed_mark import CODES, Partition, from_id
from muniment.projections.jobs.feed_queries import Told
from muniment.schemas.topics import DOCUMENTS

JOBS = [job_row(state="succeeded", step="indexing", version=1, finished_at=NOW) for _ in range(HELD * 2)]
UNSEEN = {(job.document_id, 1) for job in JOBS}


def end(number: int, partition: int, offset: int) -> Told:
    """The end of a job that search has not come to."""
    job = JOBS[number]
    return Told((DOCUMENTS.name, partition, offset), job.tenant, job.job_id, job, 1)


@given(
    st.integers(1, 120),
    st.integers(0, 2**34),
    st.lists(st.tuples(st.integers(0, 119), st.integers(1, 100_000)), min_size=HELD, max_size=HELD * 2),
    st.integers(0, HELD),
)
@settings(max_examples=25, deadline=None)
def test_every_id_that_is_sent_is_taken_back(
    partitions: int, first: int, ends: list[tuple[int, int]], repeated: int
) -> None:
    """Whatever search is behind with: no id outgrows what is accepted of a client that comes back with it."""
    reached: dict[Partition, int] = {(name, n): first + 1 for name in CODES for n in range(partitions)}
    watched = {job.job_id for job in JOBS[::29]}
    telling = Telling(reached, lambda job: job.job_id in watched)
    told: dict[UUID, list[bool]] = {}
    for number, (partition, step) in enumerate(ends):
        place = (DOCUMENTS.name, partition % partitions)
        reached[place] += step
        # Some of the jobs change once more after their end: they then have two places.
        which = number - 1 if 0 < number < repeated and number % 2 else number
        for news in telling.tell(end(which, place[1], reached[place] - 1), UNSEEN, NOW):
            assert from_id(news.event_id) == news.mark
            told.setdefault(news.job.job_id, []).append(news.searchable)
        assert len(telling.mark(NOW).held) <= HELD
    assert all(steps[0] is False for steps in told.values())
    given_up = [job_id for job_id in told if not telling.is_off(job_id)]
    assert all(told[job_id][-1] for job_id in given_up)


def test_the_oldest_end_is_given_up_first() -> None:
    """One more than may be put off: the first is told, the others wait on."""
    reached: dict[Partition, int] = {}
    telling = Telling(reached)
    for number in range(HELD):
        assert [news.searchable for news in telling.tell(end(number, 0, number), UNSEEN, NOW)] == [False]
    told = telling.tell(end(HELD, 0, HELD), UNSEEN, NOW)
    assert [(news.job.job_id, news.searchable) for news in told] == [
        (JOBS[HELD].job_id, False),
        (JOBS[0].job_id, True),
    ]


def test_ends_that_search_has_come_to_count_too() -> None:
    """Or two instances, of which one began to look later, would not give up the same ends."""
    early, late = Telling({}), Telling({})
    ends = [end(number, 0, number) for number in range(HELD + 5)]
    for one in ends:
        early.tell(one, UNSEEN - {(one.job.document_id, 1)} if one is not ends[0] and one.job else UNSEEN, NOW)
    late.put_off([Told(one.place, one.tenant, one.job_id, None, None) for one in ends[-HELD:]])
    assert early.jobs_off == late.jobs_off == []


def test_what_is_told_later_does_not_change_a_mark() -> None:
    """A mark says how much was told when it was made, although the telling goes on."""
    reached: dict[Partition, int] = {(DOCUMENTS.name, 0): 1}
    telling = Telling(reached)
    mark = telling.mark(NOW)
    reached[DOCUMENTS.name, 0] = 2
    telling.put_off([end(0, 0, 1)])
    assert mark.covers((DOCUMENTS.name, 0, 0))
    assert not mark.covers((DOCUMENTS.name, 0, 1))
    assert not mark.held
