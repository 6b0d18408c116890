"""A log in memory whose operations everybody reads at once."""

from support.operations import MemoryOperations
from support.publisher import MemoryPublisher

from muniment.schemas.codec import decode
from muniment.schemas.record import Record
from muniment.schemas.topics import OPERATIONS


class HeardLog(MemoryPublisher):
    """What is said on the topic of operations changes `operations` at once."""

    def __init__(self, operations: MemoryOperations) -> None:
        super().__init__()
        self._operations = operations

    async def send(self, record: Record) -> Record:
        """See `Publisher.send`."""
        sent = await super().send(record)
        if sent.topic == OPERATIONS.name:
            envelope = decode(sent, lambda _: None)
            self._operations.take(envelope.event, envelope.meta)
        return sent
