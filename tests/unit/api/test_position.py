"""Position tokens."""

import pytest

from muniment.api.position import from_token, position_of, to_token
from muniment.schemas.record import Position, Record
from muniment.schemas.topics import COMMANDS_DOCUMENTS

TOPIC = COMMANDS_DOCUMENTS.name


def command(offset: int, lane: str = "") -> Record:
    headers = (("lane", lane.encode()),) if lane else ()
    return Record(TOPIC, b"k", b"", headers, 3, offset)


def test_a_token_holds_the_furthest_place_of_each_lane() -> None:
    """Lanes have no order among each other: an interactive place beyond a bulk one does not stand for it."""
    given = [position_of(command(*one)) for one in ((5, "bulk"), (9, "interactive"), (7, "bulk"), (2,))]
    assert sorted(map(str, from_token(to_token(given)))) == [
        f"{TOPIC}/bulk:3:7",
        f"{TOPIC}/interactive:3:9",
        f"{TOPIC}:3:2",
    ]


@pytest.mark.parametrize("topic", [f"{TOPIC}/urgent", f"{TOPIC}/normal", "muniment.documents"])
def test_a_place_that_is_no_command_s_is_no_token(topic: str) -> None:
    """Nobody gave it out, and nothing would ever reach it."""
    with pytest.raises(ValueError, match="not a position token"):
        from_token(to_token([Position(topic, 0, 1)]))
