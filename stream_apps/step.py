"""The one shape of a step: a decoded record in, events out, no broker in sight.

Steps derive from it for its defaults; a host asks for the shape only.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from muniment.schemas.codec import Envelope
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.event import Event
from muniment.schemas.record import Record


class Step(Protocol):
    """What a host runs. A step knows nothing of its host.

    Attributes:
        name: One of `STEP_NAMES`.
        reads: The events it works on; others on the same topics pass it by.
        timeout_s: Hard limit of one run.
        late: What it means when a run exceeds it. A step that waits for nothing but the database, or for a provider,
            says so: their silence is no fault of the record and must not use up its attempts.
        orders: Whether a later record of a document waits for an earlier one that waits for a retry. A step whose
            records do not depend on one another says no.
        works_for_cancelled: Whether it works on records of cancelled jobs too: who tidies up after them, or decides.
        breakers_apart: Breakers (`schemas.breakers`) of which each record may meet another, as each host that is
            fetched from has its own. A record that meets an open one goes to a retry tier at once: in place it would
            be in the way of those that meet another. Any other breaker all records meet, and wait for in place.
        slow: Whether one record may take minutes. Such a step never runs on Faust, which cannot wait for so long while
            partitions move.
        shared: Whether each tenant has its share of the step's turns: for a step whose records keep a turn for as long
            as strangers like. What is beyond a share goes to a retry tier, so it is a step that keeps no order.
        branch: Names this one of several that run the step side by side, each in a group of its own: they share the
            step's redelivery topic, and each takes back what it has sent there. Empty where a step runs once.

    """

    name: str
    reads: tuple[type[Event], ...]
    timeout_s: float
    late: ErrorCode = ErrorCode.STEP_TIMEOUT
    orders: bool = True
    works_for_cancelled: bool = False
    breakers_apart: frozenset[str] = frozenset()
    slow: bool = False
    shared: bool = False
    branch: str = ""

    def lane(self, record: Record) -> bytes:
        """The lane of a record: one lane is worked through in order, different lanes side by side.

        Unless a step says otherwise, the records of one document are in order.
        """
        return record.key

    def concerned(self, record: Record) -> bool:
        """Whether a record of an event that it reads is its business, as its headers tell.

        What is not is passed by: neither that it ended well nor that it was tried is said of it.
        """
        del record
        return True

    def run(self, envelope: Envelope) -> AsyncIterator[Event | Record]:
        """Do the work; yield its results in the same order every time, so that their derived ids repeat.

        A yielded `Record` goes out as it is (a decider's outbox); an `Event` is given its envelope by the host.

        Raises:
            MunimentError: when it cannot; the policy of the code decides what becomes of the record.

        """
        ...

    def headers(self, item: Event) -> Mapping[str, str]:
        """Headers that a result carries beside those of its envelope; none, unless a step says otherwise."""
        del item
        return {}

    async def settled(self, envelope: Envelope) -> None:
        """Called once the broker has confirmed everything that `run` yielded, before the input is acknowledged."""
        del envelope  # A statement: without one, a type checker takes this default for something left open.
