"""A command that lies on the log twice: every decider keeps where the one lay that it decided."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from support.operations import said
from support.steps import NOW

from muniment.schemas.record import Record
from muniment.stream_apps import decider_step
from muniment.stream_apps.deciding.store import Decided as DocumentDecided
from muniment.stream_apps.deciding.store import DecidingStore
from muniment.stream_apps.erasing.store import Decided as ErasureDecided
from muniment.stream_apps.erasing.store import ErasingStore
from muniment.stream_apps.operating.store import About, OperatingStore
from muniment.stream_apps.operating.store import Decided as OperationDecided
from muniment.stream_apps.projects.store import Decided as ProjectDecided
from muniment.stream_apps.projects.store import ProjectStore

Meet = Callable[[Any, UUID, str | None], Awaitable[list[Record]]]
ABOUT = uuid4()


async def _document(pool: Any, command_id: UUID, place: str | None) -> list[Record]:
    store = DecidingStore(pool)
    return await store.once(command_id, "acme", ABOUT, lambda state, _: DocumentDecided(state, []), place=place)


async def _project(pool: Any, command_id: UUID, place: str | None) -> list[Record]:
    return await ProjectStore(pool).once(command_id, "acme", ABOUT, place, lambda state: ProjectDecided(state, []))


async def _operation(pool: Any, command_id: UUID, place: str | None) -> list[Record]:
    def decide(state: Any) -> OperationDecided:
        return OperationDecided(state, (), NOW)

    return await OperatingStore(pool).once(command_id, place, About("acme"), decide)


async def _erasure(pool: Any, command_id: UUID, place: str | None) -> list[Record]:
    meta = replace(said(), event_id=command_id)
    return await ErasingStore(pool).once(meta, ABOUT, place, lambda _: ErasureDecided((), ()))


@pytest.mark.parametrize("meet", [_document, _project, _operation, _erasure])
async def test_each_decider_keeps_where_a_repeated_command_lay_first(database_url: str, meet: Meet) -> None:
    """Of repeats, and not of the same record that is met again, or of one that never was on a topic."""
    once, other = uuid4(), uuid4()
    async with asyncpg.create_pool(database_url, min_size=1, max_size=2) as pool:
        for command_id, place in (
            (once, "c:0:5"),
            (once, "c:0:5"),
            (once, "c:0:9"),
            (once, "c:0:9"),
            (once, "c:0:12"),
            (other, None),
            (other, "c:0:14"),
            (other, None),
        ):
            assert await meet(pool, command_id, place) == []
        kept = await pool.fetch("select place, decided from muniment_deciding.repeats order by place")
    assert [tuple(row) for row in kept] == [("c:0:12", "c:0:5"), ("c:0:9", "c:0:5")]


def test_a_place_is_named_as_its_readers_wait_for_it() -> None:
    """In its lane, and where it lay before it failed; nowhere when it came by no topic."""
    headers = (("lane", b"bulk"),)
    lain = Record("muniment.commands.documents", b"k", b"", headers, 3, 41)
    assert decider_step.waited_for(lain) == "muniment.commands.documents/bulk:3:41"
    assert decider_step.waited_for(Record("muniment.commands.documents", b"k", b"", headers)) is None
