"""Events that a read model is to pass by: they have to be there, or what comes later would be lost unseen."""

import pytest

from muniment.schemas.record import Record
from muniment.schemas.replays import SkipEvent, UnskipEvent

SKIPS, UNSKIPS = "/v1/projections/documents/skips", "/v1/projections/documents/unskips"
PLACE = "muniment.documents:0:7"


def body(place):
    return {"place": place, "reason": "written by a broken tool"}


async def test_what_lies_on_the_log_can_be_passed_by(world):
    """The command is on the log with its place and why."""
    world.records.held[PLACE] = Record("muniment.documents", b"k", b"junk", ())
    async with world.client() as http:
        answer = await http.post(SKIPS, json=body(PLACE), headers=world.operator)
    assert answer.status_code == 202, answer.text
    [sent] = await world.sent()
    assert sent.event == SkipEvent(projection="documents", **body(PLACE))


@pytest.mark.parametrize(
    ("place", "told"),
    [
        (PLACE, "There is no record at this place of the log."),
        ("muniment.chunks:0:7", "documents does not read muniment.chunks; it reads muniment.documents"),
        ("muniment.nowhere:0:7", "documents does not read muniment.nowhere"),
    ],
)
async def test_what_is_not_there_is_not_passed_by(world, place, told):
    """Neither an event to come, which nobody would miss, nor one that the read model does not fold anyway."""
    world.records.held["muniment.chunks:0:7"] = Record("muniment.chunks", b"k", b"junk", ())
    async with world.client() as http:
        answer = await http.post(SKIPS, json=body(place), headers=world.operator)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert told in answer.json()["detail"]
    assert not world.publisher.sent


async def test_a_skip_of_what_is_not_there_can_be_taken_back(world):
    """One that was taken in before it was looked at, or whose record is gone since."""
    async with world.client() as http:
        answer = await http.post(UNSKIPS, json=body(PLACE), headers=world.operator)
    assert answer.status_code == 202, answer.text
    [sent] = await world.sent()
    assert sent.event == UnskipEvent(projection="documents", **body(PLACE))
