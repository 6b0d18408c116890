"""What is said of a second embedding model beside the first one, `toy`."""

import hashlib
from uuid import uuid4

from projected_story import Log, Story, vector_of

from muniment.schemas.embedding_models import ChunksReembedded, MigrationStarted, new_name
from muniment.schemas.event import Event
from muniment.schemas.record import Record

OTHER = new_name("other/model", 6, ())
LENGTH = 6


def started(model: str = OTHER) -> MigrationStarted:
    """A migration to a model of six dimensions."""
    return MigrationStarted(
        model=model,
        served_as="other/model",
        dimensions=LENGTH,
        base_url="",
        query_prefix="",
        passage_prefix="",
        ask_dimensions=False,
        price_per_million_tokens=0.5,
        reason="to see",
    )


async def house(log: Log, event: Event) -> Record:
    """What was said of the house."""
    return await log.say(event, uuid4(), "muniment")


async def reembedded(story: Story, batch: int, model: str = OTHER) -> Record:
    """A batch of vectors of the other model: each text's own, turned round so that the nearest is another."""
    texts = [story.texts[i] for i in story.batches[batch]]
    vectors = b"".join((-vector_of(t, LENGTH)).astype("<f2").tobytes() for t in texts)
    return await story.say(
        ChunksReembedded(
            document_id=story.document_id,
            version=story.version,
            job_id=story.job,
            batch=batch,
            first_ordinal=story.batches[batch][0],
            content_hashes=tuple(hashlib.sha256(t.encode()).digest() for t in texts),
            model=model,
            dimensions=LENGTH,
            vectors=vectors,
            tokens=4 * len(texts),
            cost_micros=2,
            embedded=len(texts),
            reused=0,
        )
    )
