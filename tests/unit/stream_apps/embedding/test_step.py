"""The embedding step with a fake model and fake known vectors: the exact event, and what is paid for."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import numpy as np
import pytest
from support.budget import MemoryBudget
from support.embedder import FakeEmbedder
from support.key_ring import MemoryKeyRing
from support.known_vectors import MemoryKnownVectors
from support.steps import TENANT, envelope_of, ids, record_of, results, settled

from muniment.producers.budget import Allowance
from muniment.producers.embedding.vectors import pack_vectors
from muniment.schemas.chunks import ChunkPlace, ChunksPrepared, ChunkText
from muniment.schemas.embeddings import ChunksEmbedded
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.retry_headers import retry_state
from muniment.schemas.topics import EMBEDDINGS
from muniment.stream_apps.chunking.hashing import content_hash
from muniment.stream_apps.embedding.step import Embedding

DOCUMENT, JOB = UUID(int=1), UUID(int=2)
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def ring() -> MemoryKeyRing:
    return MemoryKeyRing()


@pytest.fixture
def model() -> FakeEmbedder:
    return FakeEmbedder()


@pytest.fixture
def known() -> MemoryKnownVectors:
    return MemoryKnownVectors()


@pytest.fixture
def budget() -> MemoryBudget:
    return MemoryBudget()


@pytest.fixture
def step(model: FakeEmbedder, known: MemoryKnownVectors, budget: MemoryBudget) -> Embedding:
    return Embedding(model, known, budget, lambda: NOW, price_per_million_tokens=Decimal(20), timeout_s=5)


def hash_of(text: str) -> bytes:
    return content_hash(text, b"key")


def prepared(*texts: str, first: int = 64) -> ChunksPrepared:
    places = tuple(ChunkPlace(first + i, i, i + 1, None, 1, hash_of(t)) for i, t in enumerate(texts))
    return ChunksPrepared(
        document_id=DOCUMENT,
        version=3,
        job_id=JOB,
        batch=1,
        places=places,
        texts=tuple(ChunkText(t, "A heading") for t in texts),
    )


async def test_a_batch_becomes_one_event(step: Embedding, model: FakeEmbedder, ring: MemoryKeyRing) -> None:
    """Vectors in the order of the chunks, tokens and cost of what was really embedded."""
    texts = ("first", "second", "first")
    found = await results(step, await envelope_of(prepared(*texts), ring))
    assert model.calls == [("passage", ("first", "second"))]
    vectors = np.stack([model.vector(text, "passage") for text in texts])
    assert found == [
        ChunksEmbedded(
            document_id=DOCUMENT,
            version=3,
            job_id=JOB,
            batch=1,
            first_ordinal=64,
            content_hashes=tuple(hash_of(t) for t in texts),
            model="fake",
            dimensions=8,
            vectors=pack_vectors(vectors),
            tokens=11,
            cost_micros=220,
            embedded=2,
            reused=1,
        )
    ]


async def test_what_is_known_is_not_paid_for(
    step: Embedding, model: FakeEmbedder, known: MemoryKnownVectors, ring: MemoryKeyRing
) -> None:
    """The tenant's own vectors under the same model are used; when all are known, nothing is asked of the model."""
    known.add(TENANT, "fake", hash_of("old"), np.full(8, 0.5))
    known.add("other", "fake", hash_of("new"), np.full(8, 0.25))
    known.add(TENANT, "another model", hash_of("new"), np.full(8, 0.25))
    (half,) = await results(step, await envelope_of(prepared("old", "new"), ring))
    assert (half.embedded, half.reused, half.tokens) == (1, 1, 3)
    assert model.calls == [("passage", ("new",))]
    (none,) = await results(step, await envelope_of(prepared("old", "old"), ring))
    assert (none.embedded, none.reused, none.tokens, none.cost_micros) == (0, 2, 0, 0)
    assert none.vectors == pack_vectors(np.full((2, 8), 0.5, np.float32))
    assert len(model.calls) == 1


async def test_a_known_vector_of_another_length_is_embedded_anew(
    step: Embedding, model: FakeEmbedder, known: MemoryKnownVectors, ring: MemoryKeyRing
) -> None:
    """The same model name may be asked for other dimensions than before: the two do not stand in one batch."""
    known.add(TENANT, "fake", hash_of("old"), np.full(4, 0.5))
    (found,) = await results(step, await envelope_of(prepared("old", "new"), ring))
    assert (found.embedded, found.reused) == (2, 0)


async def test_a_repeat_gives_the_same_record(step: Embedding, ring: MemoryKeyRing) -> None:
    """Under the same id and key, also when the vectors are known by then."""
    record = await record_of(prepared("a", "b"), ring)
    outcome, first = await settled(step, record, ring)
    assert outcome == "done"
    assert [r.topic for r in first] == [EMBEDDINGS.name]
    assert ids((await settled(step, record, ring))[1]) == ids(first)


async def test_an_erased_text_is_not_embedded(step: Embedding, model: FakeEmbedder, ring: MemoryKeyRing) -> None:
    """It says that the key is gone, and asks nobody for anything."""
    record = await record_of(prepared("secret"), ring)
    await ring.destroy(TENANT, DOCUMENT)
    outcome, sent = await settled(step, record, ring)
    assert outcome == "dead"
    state = retry_state(sent[0])
    assert state is not None
    assert state.code is ErrorCode.KEY_DESTROYED
    assert model.calls == []


async def test_the_models_failure_goes_through(step: Embedding, model: FakeEmbedder, ring: MemoryKeyRing) -> None:
    """With its code and its patience: policy is not the step's business."""
    model.script = lambda _: StepFailure(ErrorCode.PROVIDER_RATE_LIMITED, "slowly", retry_after_s=3.0)
    with pytest.raises(StepFailure) as failed:
        await results(step, await envelope_of(prepared("a"), ring))
    assert (failed.value.code, failed.value.retry_after_s) == (ErrorCode.PROVIDER_RATE_LIMITED, 3.0)


async def test_batches_have_lanes_of_their_own(step: Embedding, ring: MemoryKeyRing) -> None:
    """Two batches of one document are embedded side by side."""
    record = await record_of(prepared("a"), ring)
    assert step.lane(record) != step.lane(replace(record, offset=8))
    assert step.lane(record) == step.lane(record)


async def test_a_spent_budget_calls_no_model(
    step: Embedding, model: FakeEmbedder, ring: MemoryKeyRing, budget: MemoryBudget
) -> None:
    """What a batch costs is counted; when the day's allowance is used up the next one is not embedded."""
    budget.allowance = Allowance(tokens=1)
    await results(step, await envelope_of(prepared("first"), ring))
    assert budget.by_day[TENANT, NOW.date()][0] >= 1
    with pytest.raises(StepFailure) as caught:
        await results(step, await envelope_of(prepared("second"), ring))
    assert caught.value.code is ErrorCode.BUDGET_SPENT
    assert len(model.calls) == 1
