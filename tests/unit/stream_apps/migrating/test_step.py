"""The step that embeds beside the live model: what it leaves alone, what it pays for, what it says."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest
from support.budget import MemoryBudget
from support.embedder import FakeEmbedder
from support.key_ring import MemoryKeyRing
from support.known_vectors import MemoryKnownVectors
from support.steps import NOW, envelope_of, results

from muniment.producers.embedding.models import FoldedModels, Priced
from muniment.producers.log_codec import LogCodec
from muniment.producers.operations.models import EmbeddingModels
from muniment.producers.urgency import lane
from muniment.schemas.chunks import ChunkPlace, ChunksPrepared, ChunkText
from muniment.schemas.codec import Envelope
from muniment.schemas.embedding_models import MODEL_HEADER, ChunksReembedded, EmbeddingModel
from muniment.schemas.personal import REDACTED
from muniment.schemas.record import Record
from muniment.schemas.retry_headers import BRANCH, as_new
from muniment.schemas.topics import REDELIVERY
from muniment.stream_apps.embedding.vectors import Vectors
from muniment.stream_apps.hosting.concerns import passes_by
from muniment.stream_apps.migrating.step import Reembedding

DOCUMENT, JOB = UUID(int=1), UUID(int=2)
NAMES = ("big#6", "small#4")


class Asked:
    """A read model that lacks everything, unless told that it does not."""

    def __init__(self) -> None:
        self.lacks = True

    async def wanted(self, tenant: str, event: ChunksPrepared, model: str) -> bool:
        del tenant, event, model
        return self.lacks


class World:
    """The step of a model with everything around it in memory."""

    def __init__(self) -> None:
        self.ring = MemoryKeyRing()
        self.read = Asked()
        self.embedders = {name: FakeEmbedder(name, int(name[-1])) for name in NAMES}
        self.lanes: list[str] = []

    def step(self, model: str) -> Reembedding:
        """The step of a model; `e5` is that of the settings."""
        added = {name: EmbeddingModel(name, name[:-2], int(name[-1])) for name in NAMES}
        first = Priced("e5", FakeEmbedder("e5"), Decimal(1))
        made = {name: Priced(name, embedder, Decimal(2)) for name, embedder in self.embedders.items()}
        models = FoldedModels(first, lambda: EmbeddingModels(added=added), lambda one: made[one.name])
        vectors = Vectors(MemoryKnownVectors(), MemoryBudget(), lambda: NOW)
        return Reembedding(model, models, vectors, self.read, LogCodec(self.ring), now=lambda: NOW, timeout_s=5)

    async def prepared(self, stamp: str = "") -> Envelope:
        """A batch of two texts, as it lies on the log."""
        texts = ("first", "second")
        places = tuple(ChunkPlace(64 + i, i, i + 1, None, 1, t.encode()) for i, t in enumerate(texts))
        event = ChunksPrepared(
            document_id=DOCUMENT,
            version=3,
            job_id=JOB,
            batch=1,
            places=places,
            texts=tuple(ChunkText(t, None) for t in texts),
        )
        envelope = await envelope_of(event, self.ring)
        return replace(envelope, record=envelope.record.with_headers({MODEL_HEADER: stamp} if stamp else {}))

    async def said(self, model: str, envelope: Envelope) -> list[Envelope]:
        """What the step of a model says to a batch."""
        found = await results(self.step(model), envelope)
        return [await LogCodec(self.ring).decode(one) for one in found if isinstance(one, Record)]


@pytest.fixture
def world() -> World:
    return World()


async def test_a_batch_gets_vectors_beside_the_others(world: World) -> None:
    """An event of its own kind and id for each model, which neither counts nor announces anything; on the bulk lane."""
    batch = await world.prepared()
    [big], [small] = await world.said("big#6", batch), await world.said("small#4", batch)
    event = big.event
    assert isinstance(event, ChunksReembedded)
    assert (event.model, event.dimensions, event.first_ordinal, event.batch) == ("big#6", 6, 64, 1)
    assert event.content_hashes == (b"first", b"second")
    assert (event.tokens, event.cost_micros, event.embedded) == (11, 22, 2)
    assert len({big.meta.event_id, small.meta.event_id}) == 2
    assert big.meta.lane == "bulk"
    assert [one.meta.event_id for one in await world.said("big#6", batch)] == [big.meta.event_id]


async def test_what_the_embedding_step_does_is_left_to_it(world: World) -> None:
    """A batch that is stamped with the model, or not stamped at all when the model is that of the settings."""
    assert await world.said("big#6", await world.prepared(stamp="big#6")) == []
    assert await world.said("e5", await world.prepared()) == []
    assert await world.said("e5", await world.prepared(stamp="e5")) == []
    assert len(await world.said("e5", await world.prepared(stamp="big#6"))) == 1
    assert len(await world.said("small#4", await world.prepared(stamp="big#6"))) == 1


async def test_what_is_left_to_it_is_no_good_end_of_its_own(world: World) -> None:
    """The wrapper passes such a batch by, so that an idle group's looks resume nothing; the others' it works on."""
    for model, stamp, passed in (("big#6", "big#6", True), ("e5", "", True), ("e5", "big#6", False)):
        record = (await world.prepared(stamp)).record
        assert passes_by(world.step(model), record) is passed
        assert passes_by(world.step(model), record.to(REDELIVERY["reembedding"].name)) is passed


async def test_what_comes_back_comes_to_its_model(world: World) -> None:
    """A record that failed for one model is no other's, when it is retried and when it is redriven."""
    left = (await world.prepared()).record.with_headers({BRANCH: "big#6"}).to(REDELIVERY["reembedding"].name)
    assert not passes_by(world.step("big#6"), left)
    assert passes_by(world.step("small#4"), left)
    assert as_new(left).header(BRANCH) == "big#6"


async def test_what_nobody_lacks_is_not_paid_for(world: World) -> None:
    """Versions that search will never show, batches that have the model's vectors, and texts that were erased."""
    world.read.lacks = False
    assert await world.said("big#6", await world.prepared()) == []
    world.read.lacks = True
    batch = await world.prepared()
    assert isinstance(batch.event, ChunksPrepared)
    assert await world.said("big#6", replace(batch, event=replace(batch.event, texts=REDACTED))) == []
    assert world.embedders["big#6"].calls == []


async def test_a_migration_waits_behind_what_somebody_waits_for(world: World) -> None:
    """Whatever lane the document once came by, its being embedded again is bulk work."""
    seen = []

    def script(texts: object) -> None:
        del texts
        seen.append(lane())

    world.embedders["big#6"].script = script
    batch = await world.prepared()
    await world.said("big#6", replace(batch, meta=replace(batch.meta, lane="interactive")))
    assert seen == ["bulk"]
