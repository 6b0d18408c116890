"""All that the log has about a document, for who asks what is held about them: read from a real broker."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from support.replayed import own_topics

from muniment.producers.document_records import DocumentRecords
from muniment.schemas import example
from muniment.schemas.codec import encode
from muniment.schemas.commands import DeleteDocument
from muniment.schemas.documents import DocumentUnchanged
from muniment.schemas.event import DocumentEvent
from muniment.schemas.operation_commands import EditDeadLetter
from muniment.schemas.operations import DeadLetterEdited
from muniment.schemas.record import Record
from muniment.schemas.topics import COMMANDS_DOCUMENTS, COMMANDS_OPERATIONS, DOCUMENTS, OPERATIONS


def record(event: DocumentEvent) -> Record:
    """As it lies on the log."""
    return encode(event, example.metadata("a"), example.KEY)


def said_of(document: UUID) -> list[Record]:
    """A command, a fact, and what an operator made of a dead letter."""
    return [
        record(DeleteDocument(document_id=document, reason="mine")),
        record(DocumentUnchanged(document_id=document, version=1, job_id=uuid4())),
        record(EditDeadLetter(document_id=document, letter="muniment.dlq:0:1", patch="[]", reason="x")),
        record(DeadLetterEdited(document_id=document, letter="muniment.dlq:0:1", patch="[]", reason="x")),
    ]


async def test_every_topic_that_may_tell_of_a_document_is_read(kafka_bootstrap: str, unique: str) -> None:
    """Those of operators included, whose one partition has all documents in it; nothing of another document."""
    mine, other = uuid4(), uuid4()
    topics = (COMMANDS_DOCUMENTS, DOCUMENTS, COMMANDS_OPERATIONS, OPERATIONS)
    async with own_topics(kafka_bootstrap, unique, topics) as log:
        await log.send([*said_of(mine), *said_of(other)])
        read = DocumentRecords(kafka_bootstrap, prefix=log.prefix)
        found = [one async for one in read.of([mine], datetime.now(UTC) - timedelta(minutes=1))]
    assert [(one.topic, one.key) for one in found] == [(topic.name, str(mine).encode()) for topic in topics]
