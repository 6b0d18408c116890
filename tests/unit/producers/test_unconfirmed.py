"""What is said when the broker does not do what it was asked to."""

from aiokafka.errors import InvalidTimestampError, NotLeaderForPartitionError

from muniment.producers.unconfirmed import CLOCK, unconfirmed
from muniment.schemas.error_codes import POLICIES, Policy


def test_only_a_refused_time_names_the_clocks():
    """Both failures are waited for; of the one somebody has to do something, and reads what."""
    clock, leader = (unconfirmed("no", error) for error in (InvalidTimestampError(), NotLeaderForPartitionError()))
    assert {POLICIES[one.code] for one in (clock, leader)} == {Policy.BLOCK}
    assert clock.detail == f"no: InvalidTimestampError: {CLOCK}"
    assert leader.detail == "no: NotLeaderForPartitionError"
