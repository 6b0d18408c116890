"""An event that a step could have been at work on."""

from uuid import uuid4

from muniment.schemas.documents import DocumentIndexed


def indexed() -> DocumentIndexed:
    """The end of a document of its own."""
    document_id = uuid4()
    return DocumentIndexed(
        document_id=document_id,
        version=1,
        job_id=document_id,
        chunks=1,
        batches=1,
        model="none",
        tokens=0,
        cost_micros=0,
        embedded=0,
        reused=1,
    )
