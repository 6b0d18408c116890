"""All the parts that an erasure takes, on a real Postgres, for one test."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from support.publisher import MemoryPublisher

from muniment.infra.erasing import stores
from muniment.infra.settings import Settings
from muniment.producers.claims import Claims
from muniment.producers.key_file import KeyFile
from muniment.producers.local_blobs import LocalBlobs
from muniment.producers.log_codec import LogCodec
from muniment.producers.postgres_key_ring import PostgresKeyRing
from muniment.producers.signing import Signer
from muniment.producers.subjects import Subjects
from muniment.schemas.codec import Envelope, decode
from muniment.schemas.erasures import (
    RequestErasure,
)
from muniment.schemas.event import Event
from muniment.schemas.metadata import Metadata
from muniment.schemas.record import Record
from muniment.schemas.topics import COMMANDS_DOCUMENTS, COMMANDS_ERASURES, DOCUMENTS, PROJECTS
from muniment.stream_apps.deciding.step import Deciding
from muniment.stream_apps.deciding.store import DecidingStore
from muniment.stream_apps.erasing.asking import Asking
from muniment.stream_apps.erasing.eraser import Eraser
from muniment.stream_apps.erasing.retention import Retention, Rules
from muniment.stream_apps.erasing.step import Erasing
from muniment.stream_apps.erasing.store import ErasingStore

TENANT = "acme"


@dataclass
class House:
    """The parts that an erasure takes, with a clock and read models that can be held back."""

    pool: Any
    url: str
    home: Path
    log: MemoryPublisher = field(default_factory=MemoryPublisher)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    behind: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ring = PostgresKeyRing(self.pool, KeyFile("one", {"one": bytes(32)}))
        self.codec = LogCodec(self.ring)
        self.claims = Claims(self.pool, LocalBlobs(self.home / "blobs"))
        self.subjects = Subjects(self.pool, self.ring)
        self.signer = Signer(self.home / "signing.json")
        self.store = ErasingStore(self.pool)
        self._taken = 0

    def clock(self) -> datetime:
        """The time."""
        return self.now

    async def connect(self) -> Any:
        """A connection of its own."""
        return await asyncpg.connect(self.url)

    async def ends(self) -> dict[int, int]:
        """Where the documents' topic ends."""
        return {0: 0} | {r.partition or 0: (r.offset or 0) + 1 for r in self.log.sent if r.topic == DOCUMENTS.name}

    async def project_ends(self) -> dict[int, int]:
        """Where the projects' topic ends."""
        return {r.partition or 0: (r.offset or 0) + 1 for r in self.log.sent if r.topic == PROJECTS.name}

    async def late(self, ends: Mapping[int, int]) -> list[str]:
        """Which read models are behind."""
        assert ends
        return self.behind

    @property
    def eraser(self) -> Eraser:
        """The eraser of a new process."""
        settings = Settings(home=self.home, erasure_rewrite_mib=64)
        every = stores(settings, self.pool, self.ring, self.claims, self.log, self.project_ends)
        made = [store for store in every if store.name != "database files"]
        return Eraser(
            self.connect,
            self.log,
            self.store,
            key_ring=self.ring,
            subjects=self.subjects,
            stores=made,
            ends=self.ends,
            behind=self.late,
            signer=self.signer,
            now=self.clock,
            asking=Asking(Retention(self.pool, self.log, Rules(), self.clock), self.ends, self.late_jobs, self.clock),
        )

    async def late_jobs(self, ends: Mapping[int, int]) -> list[str]:
        """Which read models have not come to all that was accepted."""
        del ends
        return self.unseen

    async def document(self, subject: str | None = None, text: bytes = b"quagga") -> UUID:
        """A document with its key, and a blob."""
        document, job = uuid4(), uuid4()
        await self.ring.create(TENANT, document)
        if subject:
            await self.subjects.name(TENANT, subject, document)

        async def pieces() -> AsyncIterator[bytes]:
            yield text

        await self.claims.put(TENANT, document, job, "original", pieces())
        return document

    async def ask(
        self,
        documents: Sequence[UUID] = (),
        subject: str | None = None,
        *,
        origin: str = "request",
        reason: str = "letter",
    ) -> UUID:
        """Request an erasure, and decide it."""
        erasure_id = uuid4()
        command = RequestErasure(
            erasure_id=erasure_id,
            subject=await self.subjects.tag(TENANT, subject) if subject else None,
            document_ids=tuple(documents),
            reason=reason,
            origin=origin,
            confirmations=0,
        )
        meta = Metadata(erasure_id, TENANT, erasure_id, erasure_id, self.now, "test", actor="key:a")
        envelope = Envelope(command, meta, Record(COMMANDS_ERASURES.name, b"k", b"", (), 0, 0, 0))
        step = Erasing(self.store, now=self.clock)
        for record in [r async for r in step.run(envelope)]:
            await self.log.send(record)  # type: ignore[arg-type]
        await step.settled(envelope)
        return erasure_id

    async def decide(self) -> None:
        """Decide every command about a document that is on the log."""
        step = Deciding(DecidingStore(self.pool), self.codec, self.clock)
        for record in self.log.sent[self._taken :]:
            if record.topic == COMMANDS_DOCUMENTS.name:
                envelope = await self.codec.decode(record)
                for made in [r async for r in step.run(envelope)]:
                    await self.log.send(made)  # type: ignore[arg-type]
                await step.settled(envelope)
        self._taken = len(self.log.sent)

    async def finish(self, turns: int = 12) -> None:
        """Turn until it is over, a new process at each turn; the clock goes on."""
        for _ in range(turns):
            await self.eraser.turn()
            await self.decide()
            self.now += timedelta(seconds=2)

    def events(self, kind: type[Event]) -> list[Any]:
        """What the log says of this kind."""
        every = [decode(record, lambda _: None).event for record in self.log.sent]
        return [event for event in every if isinstance(event, kind)]
