"""Documents by their address: asked for, fetched, refused, cancelled."""

from uuid import UUID

from support.deciding_house import DOCUMENT, House, ask_url, cancel, code, delete, fetched, indexed, submit

from muniment.schemas.documents import (
    CommandRejected,
    DocumentDeleted,
    DocumentRequested,
    DocumentSubmitted,
    DocumentUnchanged,
    JobCancelled,
)
from muniment.stream_apps.deciding.decider import (
    JOB_ENDED,
    NOT_FOUND,
    OVERTAKEN,
)
from muniment.stream_apps.deciding.state import initial_state


def test_a_fetched_address_becomes_a_version_of_the_same_job() -> None:
    """Content, name and labels are those that were fetched."""
    house = House()
    one = house.put(1)
    assert isinstance(house.tell(ask_url(), one), DocumentRequested)
    assert dict(house.state.fetching) == {one: 0}
    event = house.tell(fetched(one, "b"), UUID(int=50))
    assert isinstance(event, DocumentSubmitted)
    assert (event.version, event.job_id, event.blob, event.source) == (1, one, "b", "url")
    assert dict(house.state.fetching) == {}
    assert house.tell(fetched(one, "b"), UUID(int=50)) == event
    house.note(indexed(1, one))
    two = house.put(2)
    house.tell(ask_url(), two)
    assert isinstance(house.tell(fetched(two, "b"), UUID(int=51)), DocumentUnchanged)


def test_a_fetch_can_be_cancelled() -> None:
    """It has no version yet; content that comes all the same is not taken."""
    house = House()
    one = house.put(1)
    house.tell(ask_url(), one)
    event = house.tell(cancel(one), house.put(2))
    assert isinstance(event, JobCancelled)
    assert event.version == 0
    assert code(house.tell(fetched(one), UUID(int=50))) == JOB_ENDED
    assert house.state == initial_state()


def test_a_fetch_that_was_refused_has_ended() -> None:
    """It cannot be cancelled any more, and a deletion finds nothing."""
    house = House()
    one = house.put(1)
    house.tell(ask_url(), one)
    house.note(CommandRejected(document_id=DOCUMENT, job_id=one, command="SubmitUrl", code="url_refused", reason="404"))
    assert code(house.tell(cancel(one), house.put(2))) == JOB_ENDED
    assert code(house.tell(delete(), house.put(3))) == NOT_FOUND


def test_a_deletion_ends_what_is_being_fetched() -> None:
    """Of a document that has no version yet, too; what then comes is not taken."""
    house = House()
    one = house.put(1)
    house.tell(ask_url(), one)
    gone = house.tell(delete(), house.put(2))
    assert isinstance(gone, DocumentDeleted)
    assert gone.jobs == (one,)
    assert code(house.tell(fetched(one), UUID(int=50))) == JOB_ENDED


def test_what_was_asked_for_later_is_not_replaced_by_a_slow_fetch() -> None:
    """An upload, or a faster fetch, that was asked for after it and is there first."""
    house = House()
    slow, quick = house.put(1), house.put(2)
    house.tell(ask_url(), slow)
    house.tell(ask_url(), quick)
    assert isinstance(house.tell(fetched(quick, "b"), UUID(int=50)), DocumentSubmitted)
    assert code(house.tell(fetched(slow, "a"), UUID(int=51))) == OVERTAKEN
    third, upload = house.put(3), house.put(4)
    house.tell(ask_url(), third)
    house.tell(submit("c"), upload)
    assert code(house.tell(fetched(third, "a"), UUID(int=52))) == OVERTAKEN


def test_a_fetch_that_fails_overtakes_nobody() -> None:
    """An address asked for later that leads nowhere does not take the place of one that was there."""
    house = House()
    slow, broken = house.put(1), house.put(2)
    house.tell(ask_url(), slow)
    house.tell(ask_url(), broken)
    house.note(CommandRejected(document_id=DOCUMENT, job_id=broken, command="SubmitUrl", code="url_refused", reason=""))
    assert isinstance(house.tell(fetched(slow), UUID(int=50)), DocumentSubmitted)
