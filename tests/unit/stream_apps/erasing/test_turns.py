"""Erasures have their turns one after the other, and none of them holds up the next."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from support.bare_eraser import bare_eraser
from support.publisher import MemoryPublisher

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.stream_apps.erasing import turns
from muniment.stream_apps.erasing.store import UnderWay
from muniment.stream_apps.erasing.stores import Erased

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@dataclass
class Erasures:
    """Those under way; what is asked of a stuck one fails."""

    those: list[Any]
    stuck: UUID

    async def under_way(self) -> list[Any]:
        return self.those

    async def no_documents(self, tenant: str, ids: Any) -> Any:
        del tenant, ids
        return ()

    async def found(self, erasure: Any, documents: Any, held: Any, then: str, now: datetime) -> bool:
        del documents, held, then, now
        if erasure.erasure_id == self.stuck:
            raise StepFailure(ErrorCode.BLOB_UNAVAILABLE, "the blob store is away")
        self.those = [one for one in self.those if one.erasure_id != erasure.erasure_id]
        return True


async def test_one_that_is_stuck_holds_up_no_other() -> None:
    """The others have their turn all the same, and the failure is told after it."""
    stuck, other = (
        SimpleNamespace(
            erasure_id=uuid4(), stage="finding", tenant="acme", subject="", document_ids=(), origin="request"
        )
        for _ in range(2)
    )
    erasures: Any = Erasures([stuck, other], stuck.erasure_id)
    eraser = bare_eraser(store=erasures, now=lambda: NOW)
    with pytest.raises(StepFailure, match="the blob store is away"):
        await eraser.turn()
    assert erasures.those == [stuck]


@dataclass
class Staged:
    """Erasures that move through their stages in memory; their documents are decided at once."""

    those: dict[UUID, UnderWay]

    def move(self, erasure_id: UUID, stage: str) -> None:
        self.those[erasure_id] = replace(self.those[erasure_id], stage=stage)

    async def under_way(self) -> list[UnderWay]:
        return list(self.those.values())

    async def no_documents(self, tenant: str, ids: Any) -> Any:
        del tenant, ids
        return ()

    async def found(self, erasure: UnderWay, documents: Any, held: Any, then: str, now: datetime) -> bool:
        del held, now
        self.those[erasure.erasure_id] = replace(erasure, documents=tuple(documents), stage=then)
        return True

    async def told(self, erasure_id: UUID, now: datetime) -> None:
        self.those[erasure_id] = replace(self.those[erasure_id], stage="ending", told_at=now)

    async def undecided(self, command_ids: Any) -> int:
        del command_ids
        return 0

    async def decided(self, erasure_id: UUID, ends: Any, now: datetime) -> None:
        del now
        self.those[erasure_id] = replace(self.those[erasure_id], stage="destroying", ends=ends)

    async def keys_destroyed(self, *_: Any) -> tuple[int, datetime]:
        return 1, NOW

    async def destroyed(self, erasure_id: UUID, keys: int, now: datetime) -> None:
        del keys, now
        self.move(erasure_id, "waiting")

    async def reports(self, erasure_id: UUID) -> list[Any]:
        del erasure_id
        return []

    async def report(self, *_: Any) -> None: ...

    async def moved(self, erasure_id: UUID, stage: str, now: datetime) -> None:
        del now, stage
        del self.those[erasure_id]


@dataclass
class Keys:
    """Remembers whose keys went."""

    gone: list[UUID] = field(default_factory=list)

    async def destroy(self, tenant: str, document_id: UUID, **_: Any) -> int:
        del tenant
        self.gone.append(document_id)
        return 1


@dataclass
class Slow:
    """A store that waits for something."""

    until: Callable[[], Awaitable[None]]
    name: str = "drafts"

    async def count(self, what: Any) -> int:
        del what
        return 0

    async def erase(self, what: Any) -> Erased:
        del what
        await self.until()
        return Erased()


async def comes(look: Callable[[], bool]) -> None:
    """Wait until it is so, for five seconds."""
    for _ in range(500):
        if look():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


def under_way(stage: str, document_id: UUID) -> UnderWay:
    """An erasure of a document, in this stage for an hour."""
    before = NOW - timedelta(hours=1)
    return UnderWay(
        erasure_id=uuid4(),
        tenant="acme",
        stage=stage,
        subject=None,
        document_ids=(document_id,),
        reason="letter",
        origin="request",
        requested_by="key:a",
        requested_at=before,
        decided_by="key:a",
        decided_at=before,
        traceparent="",
        documents=(document_id,),
        keys=0,
        moved_at=before,
        told_at=before,
    )


def erasing(*those: UnderWay, until: Callable[[], Awaitable[None]], keys: Keys) -> Any:
    """An eraser that has these under way, with one store that waits."""

    async def ends() -> dict[int, int]:
        return {0: 1}

    async def behind(_: Any) -> list[str]:
        return ["chunks"]

    staged = Staged({one.erasure_id: one for one in those})
    parts = {"key_ring": keys, "stores": (Slow(until),), "ends": ends, "behind": behind, "now": lambda: NOW}
    return bare_eraser(store=staged, publisher=MemoryPublisher(), **parts)


async def test_keys_go_while_a_store_of_another_erasure_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within one turn: whoever comes after a read model that stands still does not wait for it at each stage."""
    monkeypatch.setattr(turns, "LOOK_S", 0.01, raising=False)
    document, keys = uuid4(), Keys()

    async def the_other_keys() -> None:
        await comes(lambda: document in keys.gone)

    eraser = erasing(under_way("erasing", uuid4()), under_way("finding", document), until=the_other_keys, keys=keys)
    assert await eraser.turn()
    assert keys.gone == [document]


async def test_health_says_what_is_waited_for_on_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store that has not come to its end, and the read models of the one behind it."""
    monkeypatch.setattr(turns, "LOOK_S", 0.01)
    said = []

    async def looked_at() -> None:
        await comes(lambda: ";" in eraser.state()["waits_for"])
        said.append(eraser.state()["waits_for"])

    waiting = replace(under_way("waiting", uuid4()), ends={0: 1})
    eraser = erasing(under_way("erasing", uuid4()), waiting, until=looked_at, keys=Keys())
    await eraser.turn()
    assert said == ["drafts; read models: chunks"]
    assert eraser.state()["waits_for"] == "read models: chunks"


async def test_who_leads_no_more_leaves_the_stores_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else is at them by then."""
    monkeypatch.setattr(turns, "LOOK_S", 0.01)
    left = asyncio.Event()

    async def long() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            left.set()

    async def lost() -> None:
        raise ConnectionError("the lock is gone")

    with pytest.raises(ConnectionError, match="the lock is gone"):
        await erasing(under_way("erasing", uuid4()), until=long, keys=Keys()).turn(lost)
    assert left.is_set()


async def test_a_look_that_fails_ends_no_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """The failure is told once the store has come to its end."""
    monkeypatch.setattr(turns, "LOOK_S", 0.01)
    looks, erasure = [0], under_way("erasing", uuid4())
    done = asyncio.Event()

    async def look() -> list[UnderWay]:
        looks[0] += 1
        if looks[0] > 1:
            raise StepFailure(ErrorCode.DATABASE_UNAVAILABLE, "away for a moment")
        return [erasure]

    async def go(one: UnderWay) -> None:
        assert one is erasure
        await comes(lambda: looks[0] >= 3)
        done.set()

    with pytest.raises(StepFailure, match="away for a moment"):
        await turns.take_turn(look, go)
    assert done.is_set()
