"""Carries out erasures, stage by stage: one eraser at a time in the fleet, the others stand by.

finding (which documents, what each store holds; nothing new is taken for them from here on) -> asking (of retention
alone: whether their time is over still) -> telling (a command for each) -> ending (all decided, and every worker has
dropped what was in work) -> destroying (the keys) -> waiting (no process uses one from memory any more, and every read
model has passed the erasure) -> erasing (store after store) -> completing (the receipt).

What a stage does may be done twice: commands and events have derived ids, and a store that is empty removes nothing.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import structlog

from muniment.producers.key_ring import KeyRing
from muniment.producers.leading import Leading
from muniment.producers.publisher import Publisher
from muniment.producers.signing import Signer
from muniment.producers.subjects import Subjects
from muniment.schemas.codec import encode
from muniment.schemas.commands import EraseDocument
from muniment.schemas.erasures import ErasureCompleted, KeysDestroyed, StoreErased
from muniment.schemas.errors import StepFailure
from muniment.schemas.event import Event
from muniment.schemas.ids import result_id
from muniment.schemas.metadata import LANES, NORMAL
from muniment.stream_apps.erasing import trail
from muniment.stream_apps.erasing.asking import Asking, Behind, Ends
from muniment.stream_apps.erasing.decider import RETENTION
from muniment.stream_apps.erasing.receipt import PURPOSE, digest, receipt
from muniment.stream_apps.erasing.retention import AT_ONCE as AT_MOST
from muniment.stream_apps.erasing.retention import Retention
from muniment.stream_apps.erasing.saying import STEP, command_id, meta_of
from muniment.stream_apps.erasing.store import FIRST_STAGE, ErasingStore, Report, UnderWay
from muniment.stream_apps.erasing.stores import CACHES_S, About, Forgotten, Store
from muniment.stream_apps.erasing.turns import go_on, take_turn
from muniment.stream_apps.retrying.confirmed import send_confirmed

FENCED_S = 3.0
"""After so long whatever was let in before the fence was up (see `producers.erasing_fence`) is on the log."""
SEEN_S = 3.0
"""After so long every worker has seen that a job was ended (it looks once a second), and let go of its files."""
TURN_S, IDLE_S = 0.2, 0.5
RETENTION_EVERY_S, RETENTION_MORE_S = 3600.0, 60.0
"""How often what is too old is looked for; and again when there was more than goes into one erasure, which is decided
on by then: what it names is not found twice."""
AT_ONCE = 32
log = structlog.get_logger(__name__)


class Eraser:
    """`connect` opens a connection of its own to Postgres, which holds the lock of the one who erases.

    `ends` are those of `muniment.documents`, which the read models that fold erasures are `behind`.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[Any]],
        publisher: Publisher,
        store: ErasingStore,
        *,
        key_ring: KeyRing,
        subjects: Subjects,
        stores: Sequence[Store],
        ends: Ends,
        behind: Behind,
        signer: Signer,
        now: Callable[[], datetime],
        retention: Retention | None = None,
        asking: Asking | None = None,
    ) -> None:
        self._leading = Leading("muniment.erasing", connect)
        self._publisher = publisher
        self._store = store
        self._key_ring = key_ring
        self._subjects = subjects
        self._stores = stores
        self._ends = ends
        self._behind = behind
        self._signer = signer
        self._now = now
        self._retention = retention
        self._asking_again = asking
        self._retains_at = float("-inf")
        self._waits_for = self._empties = ""

    async def run(self) -> None:
        """Run until cancelled. What is away is waited for."""
        await self._leading.run(self._lead)

    def state(self) -> dict[str, object]:
        """What `/health` shows of it. A store may take minutes: rewriting tables is part of it."""
        return self._leading.state("eraser", 60 * 60) | {
            "waits_for": "; ".join(filter(None, (self._empties, self._waits_for)))
        }

    async def _lead(self) -> None:
        while True:
            # Before the erasures: one of them that is stuck ends the turn with its failure.
            await self._retain()
            busy = await self.turn(self._leading.leads_still)
            await self._leading.beat()
            await asyncio.sleep(TURN_S if busy else IDLE_S)

    async def turn(self, may_go_on: Callable[[], Awaitable[None]] = go_on) -> bool:
        """Bring each erasure a stage further: see `turns.take_turn`. One that is stuck holds up none of the others."""
        try:
            return await take_turn(self._look, self._go, may_go_on)
        finally:
            self._empties = ""

    async def _look(self) -> Sequence[UnderWay]:
        found = await self._store.under_way()
        self._waits_for = ""
        return found

    async def _go(self, erasure: UnderWay) -> None:
        await getattr(self, f"_{erasure.stage}")(erasure)

    async def _retain(self) -> None:
        """Now and then, have erased what is too old."""
        if self._retention is not None and time.monotonic() > self._retains_at:
            self._retains_at = time.monotonic() + RETENTION_EVERY_S
            for due in await self._retention.run():
                if len(due.documents) >= AT_MOST:
                    self._retains_at = time.monotonic() + RETENTION_MORE_S
                log.info("retention_due", tenant=due.tenant, documents=len(due.documents), days=due.days)

    async def _finding(self, erasure: UnderWay) -> None:
        again = self._asking_again if erasure.origin == RETENTION else None
        late = await again.too_late(erasure) if again else ()
        if late:
            self._waits_for = f"retention, for what is behind: {', '.join(late)}"
            return
        named = set(erasure.document_ids)
        if erasure.subject:
            named |= set(await self._subjects.documents(erasure.tenant, erasure.subject))
        # Here, too: who asked may have named a draft before any read model had heard of it.
        documents = sorted(named.difference(await self._store.no_documents(erasure.tenant, named)))
        then = "asking" if again else "telling"
        held = await self._held(About(erasure.tenant, documents, erasure.subject))
        await self._store.found(erasure, documents, held, then, self._now())

    async def _held(self, about: About) -> dict[str, int]:
        return {store.name: await store.count(about) for store in self._stores}

    async def _asking(self, erasure: UnderWay) -> None:
        again = self._asking_again
        assert again is not None
        if not self._passed(erasure, FENCED_S):
            self._waits_for = "submissions that were let in before"
            return
        try:
            late = await again.late(erasure)
        except StepFailure:
            await self._break_off(erasure, again)
            raise
        if late:
            self._waits_for = f"read models, for what was submitted before: {', '.join(late)}"
            await self._break_off(erasure, again)
            return
        due = await again.due(erasure)
        if not due:
            nothing = KeysDestroyed(erasure_id=erasure.erasure_id, document_ids=(), keys=0)
            await self._say(erasure, nothing, uuid5(erasure.erasure_id, "asking"))
        # With nothing left to erase no store is asked: tables would be rewritten for it.
        then = "telling" if due else "completing"
        held = await self._held(About(erasure.tenant, due))
        if await self._store.found(erasure, due, held, then, self._now()):
            log.info("retention_asked_again", documents=len(due), left=len(erasure.documents) - len(due))

    async def _break_off(self, erasure: UnderWay, again: Asking) -> None:
        """Take submissions again where it asks for too long: nothing was told yet, and all is found and asked anew."""
        if again.is_too_long(erasure):
            again.forget(erasure)
            if await self._store.found(erasure, (), {}, FIRST_STAGE, self._now()):
                log.warning("retention_broken_off", erasure_id=str(erasure.erasure_id), waited_for=self._waits_for)

    async def _telling(self, erasure: UnderWay) -> None:
        if not self._passed(erasure, FENCED_S):
            self._waits_for = "submissions that were let in before"
            return
        for start in range(0, len(erasure.documents), AT_ONCE):
            some = erasure.documents[start : start + AT_ONCE]
            await asyncio.gather(*(self._command(erasure, document) for document in some))
        await self._store.told(erasure.erasure_id, self._now())

    async def _ending(self, erasure: UnderWay) -> None:
        left = await self._store.undecided([command_id(erasure, document) for document in erasure.documents])
        if left:
            self._waits_for = f"the deciders: {left} documents"
        elif self._passed(erasure, SEEN_S):
            self._waits_for = "the broker, for where the documents' topic ends"
            # Every decision lies before these ends. Not "past the commands": one that lies there twice (its first
            # confirmation was lost, or whoever sent it was killed) is decided once, and nothing follows the second.
            await self._store.decided(erasure.erasure_id, await self._ends(), self._now())

    async def _destroying(self, erasure: UnderWay) -> None:
        assert erasure.told_at is not None
        for document in erasure.documents:
            # One that was made since is of a new life, if this is done twice.
            await self._key_ring.destroy(erasure.tenant, document, made_before=erasure.told_at)
        keys, _ = await self._store.keys_destroyed(erasure.tenant, erasure.documents, erasure.told_at)
        event = KeysDestroyed(erasure_id=erasure.erasure_id, document_ids=erasure.documents, keys=keys)
        await self._say(erasure, event, erasure.erasure_id)
        for entry in trail.keys_destroyed(erasure, self._now()):
            await send_confirmed(self._publisher, entry)
        await self._store.destroyed(erasure.erasure_id, keys, self._now())
        log.info("keys_destroyed", erasure_id=str(erasure.erasure_id), keys=keys)

    async def _waiting(self, erasure: UnderWay) -> None:
        if erasure.ends is None:
            # Decided by a program that did not note them: all of it lies before where the topic ends by now.
            await self._store.ends(erasure.erasure_id, await self._ends(), self._now())
            return
        behind = await self._behind(erasure.ends)
        if behind:
            self._waits_for = f"read models: {', '.join(behind)}"
        elif self._passed(erasure, CACHES_S):
            await self._store.moved(erasure.erasure_id, "erasing", self._now())

    async def _erasing(self, erasure: UnderWay) -> None:
        done = {one.store for one in await self._store.reports(erasure.erasure_id)}
        assert erasure.told_at is not None
        _, keyless_at = await self._store.keys_destroyed(erasure.tenant, erasure.documents, erasure.told_at)
        what = Forgotten(
            erasure.tenant,
            erasure.documents,
            erasure.told_at,
            keyless_at,
            erasure.erasure_id,
            erasure.decided_by,
            erasure.traceparent,
            erasure.subject,
        )
        for store in self._stores:
            if store.name not in done:
                await self._erase(erasure, store, what)
        await self._store.moved(erasure.erasure_id, "completing", self._now())

    async def _erase(self, erasure: UnderWay, store: Store, what: Forgotten) -> None:
        self._empties = store.name
        erased = await store.erase(what)
        left = await store.count(About(erasure.tenant, erasure.documents, erasure.subject))
        removed = max(0, erasure.held.get(store.name, 0) - left)
        report = Report(store.name, removed, erased.kept, erased.note, self._now())
        event = StoreErased(
            erasure_id=erasure.erasure_id,
            store=report.store,
            removed=report.removed,
            kept=report.kept,
            note=report.note,
        )
        await self._say(erasure, event, uuid5(erasure.erasure_id, store.name))
        await self._store.report(erasure.erasure_id, report)
        log.info("store_erased", erasure_id=str(erasure.erasure_id), store=store.name, removed=removed)

    async def _completing(self, erasure: UnderWay) -> None:
        assert erasure.moved_at is not None
        reports = await self._store.reports(erasure.erasure_id)
        # The time is the one at which this stage began: a receipt that is made twice is the same one.
        text = receipt(erasure, reports, self._signer.installation, erasure.moved_at)
        signature = self._signer.sign(PURPOSE, text.encode())
        event = ErasureCompleted(
            erasure_id=erasure.erasure_id,
            documents=len(erasure.documents),
            keys=erasure.keys,
            receipt=text,
            receipt_hash=digest(text),
            key_id=signature.key_id,
            signature=signature.value,
        )
        await self._say(erasure, event, erasure.erasure_id)
        await self._store.completed(erasure.erasure_id, self._now())
        log.info("erasure_completed", erasure_id=str(erasure.erasure_id), documents=len(erasure.documents))

    def _passed(self, erasure: UnderWay, seconds: float) -> bool:
        assert erasure.moved_at is not None
        return self._now() >= erasure.moved_at + timedelta(seconds=seconds)

    async def _command(self, erasure: UnderWay, document: UUID) -> None:
        command = EraseDocument(document_id=document, erasure_id=erasure.erasure_id)
        event_id = command_id(erasure, document)
        meta = meta_of(erasure, event_id, event_id, self._now(), LANES[0])
        await send_confirmed(self._publisher, encode(command, meta, None))

    async def _say(self, erasure: UnderWay, event: Event, cause: UUID) -> None:
        event_id = result_id(cause, STEP, event.declaration.name, 0)
        meta = meta_of(erasure, event_id, erasure.erasure_id, self._now(), NORMAL)
        await send_confirmed(self._publisher, encode(event, meta, None))
