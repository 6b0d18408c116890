"""Cancelling, and commands that come out of their order: what they lead to."""

from uuid import UUID

from support.deciding_house import DOCUMENT, House, cancel, code, delete, indexed, refused, submit

from muniment.schemas.documents import (
    DocumentDeleted,
    DocumentSubmitted,
    DocumentUnchanged,
    JobCancelled,
)
from muniment.stream_apps.deciding.decider import (
    CANCELLED,
    JOB_ENDED,
    JOB_NOT_FOUND,
    NOT_FOUND,
    OVERTAKEN,
    decide,
)
from muniment.stream_apps.deciding.state import Asked, Standing, initial_state


def test_a_job_in_work_is_cancelled_with_its_version() -> None:
    """The old version stays what search sees, and what was cancelled is not part of a later deletion."""
    house = House()
    one, two = house.put(1), house.put(2)
    house.tell(submit(), one)
    house.note(indexed(1, one))
    house.tell(submit("b"), two)
    event = house.tell(cancel(two), house.put(3))
    assert event == JobCancelled(document_id=DOCUMENT, version=2, job_id=two, reason="not wanted")
    assert (house.state.active, dict(house.state.pending)) == (1, {})
    assert isinstance(house.tell(submit(), house.put(4)), DocumentUnchanged)
    gone = house.tell(delete(), house.put(5))
    assert (gone.version, gone.jobs) == (2, (one,))


def test_a_cancelled_version_is_never_indexed() -> None:
    """Not even when the log says so afterwards: the first of the two counts."""
    house = House()
    one = house.put(1)
    house.tell(submit(), one)
    house.tell(cancel(one), house.put(2))
    assert not house.announce(one)
    house.note(indexed(1, one))
    assert house.state.active == 0
    assert isinstance(house.tell(submit(), house.put(3)), DocumentSubmitted)


def test_a_job_that_has_ended_is_not_cancelled() -> None:
    """Indexed, announced and on its way, refused, unchanged, cancelled, or no submission at all."""
    house = House()
    one, two, three, four = (house.put(n) for n in (1, 2, 3, 4))
    house.tell(submit(), one)
    assert house.announce(one)
    assert code(house.tell(cancel(one), house.put(10))) == JOB_ENDED
    house.note(indexed(1, one))
    assert code(house.tell(cancel(one), house.put(11))) == JOB_ENDED
    house.tell(submit(), two)
    assert code(house.tell(cancel(two), house.put(12))) == JOB_ENDED
    house.tell(submit("b"), three)
    house.note(refused(2, three))
    assert code(house.tell(cancel(three), house.put(13))) == JOB_ENDED
    house.tell(submit("c"), four)
    house.tell(cancel(four), house.put(14))
    assert code(house.tell(cancel(four), house.put(15))) == JOB_ENDED
    assert code(house.tell(cancel(UUID(int=14)), house.put(16))) == JOB_ENDED


def test_a_job_whose_version_was_deleted_is_not_cancelled() -> None:
    """It shows as failed, as one with a dead letter does, but of this one nothing is left."""
    house = House()
    one = house.put(1)
    house.tell(submit(), one)
    house.tell(delete(), house.put(2))
    assert code(house.tell(cancel(one), house.put(3))) == JOB_ENDED


def test_a_job_of_another_document_is_not_found() -> None:
    """A cancellation names document and job, and they have to belong together."""
    asked = Asked(UUID(int=2), standing=Standing.ELSEWHERE)
    assert code(decide(cancel(UUID(int=1)), initial_state(), asked)) == JOB_NOT_FOUND


def test_a_job_that_waits_in_a_slower_lane_is_cancelled_ahead() -> None:
    """Its command is answered when it comes: it is not worked on, once and for all."""
    house = House()
    bulk = house.put(1)
    event = house.tell(cancel(bulk), house.put(2))
    assert isinstance(event, JobCancelled)
    assert event.version == 0
    assert code(house.tell(cancel(bulk), house.put(3))) == JOB_ENDED
    assert code(house.tell(submit(), bulk)) == CANCELLED
    assert house.state == initial_state()


def test_a_later_command_that_was_decided_first_overtakes() -> None:
    """What is asked for last is what holds, whichever lane is faster; a command that was overtaken overtakes nobody."""
    house = House()
    slow, fast = (house.put(n) for n in (1, 2))
    assert isinstance(house.tell(submit("b"), fast), DocumentSubmitted)
    assert code(house.tell(submit("a"), slow)) == OVERTAKEN
    assert code(house.tell(cancel(slow), house.put(5))) == JOB_ENDED
    late, gone = house.put(6), house.put(7)
    assert isinstance(house.tell(delete(), gone), DocumentDeleted)
    assert code(house.tell(submit("c"), late)) == OVERTAKEN
    assert isinstance(house.tell(submit("d"), house.put(9)), DocumentSubmitted)


def test_a_deletion_that_is_faster_than_the_submission_before_it_holds() -> None:
    """Sent one after the other without waiting, the deletion may be decided first; the document does not appear."""
    house = House()
    slow, deletion, again = (house.put(n) for n in (1, 2, 3))
    assert code(house.tell(delete(), deletion)) == NOT_FOUND
    assert code(house.tell(submit("a"), slow)) == OVERTAKEN
    assert isinstance(house.tell(submit("a"), again), DocumentSubmitted)
