"""The slider over a thing's life shows no moment that its read models have not got to."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from support.signed_in import browser

from muniment.api.reads import Behind
from muniment.projections.history.entry import Entry
from muniment.projections.history.queries import Change, Happened
from muniment.schemas.metadata import NORMAL
from muniment.schemas.record import Position
from muniment.schemas.topics import COMMANDS_PROJECTS, DLQ, DOCUMENTS, PROJECTS

START = datetime(2026, 11, 22, 10, tzinfo=UTC)


def happened(about: UUID, topic: str, number: int, *, told: bool = True) -> Happened:
    """Something that happened at this place; `told` when it changed anything that readers see."""
    entry = Entry(
        topic, 3, number, "acme", about, uuid4(), START + timedelta(seconds=number), f"{topic}:00003:{number:019}",
        "Something", uuid4(), uuid4(), "muniment.test", "key:a", NORMAL,
    )  # fmt: skip
    return Happened(entry, (), (Change("document", "status", None, "indexed"),) if told else ())


@pytest.fixture
async def http(world):
    """Somebody with every scope, signed in."""
    async with browser(world.app, **{"HX-Request": "true", "Accept-Language": "en"}) as client:
        await client.post("/console/sign-in", data={"key": "mine"})
        yield client


@pytest.fixture
def lives(world) -> dict[str, UUID]:
    """A document with three stops, and a project, of which every event is one."""
    made = {"documents": world.add_document(), "projects": world.projects.add(title="Tides")}
    for kind, topic in (("documents", DOCUMENTS), ("projects", PROJECTS)):
        rows = [happened(made[kind], topic.name, number) for number in (1, 2, 5)]
        rows.insert(2, happened(made[kind], topic.name, 4, told=False))
        rows.insert(1, happened(made[kind], COMMANDS_PROJECTS.name, 1, told=False))
        rows.insert(1, happened(made[kind], DLQ.name, 1, told=False))
        world.reads.happened["acme", made[kind]] = rows
    return made


@pytest.mark.parametrize("kind", ["documents", "projects"])
async def test_a_stop_waits_for_all_that_happened_up_to_it(world, http, lives, kind):
    """For the furthest place of each topic that the read model reads, whether or not that was a stop; not for more."""
    of_topic = {"documents": DOCUMENTS, "projects": PROJECTS}[kind].name
    for stop, furthest in {"documents": ((0, 1), (1, 2), (2, 5)), "projects": ((0, 1), (3, 2), (5, 5))}[kind]:
        world.reads.waited.clear()
        assert (await http.get(f"/console/audit/{kind}/{lives[kind]}/then?stop={stop}")).status_code == 200
        [(name, places, seconds)] = world.reads.waited
        assert (name, seconds) == (kind, world.settings.wait_default_s)
        assert sorted(map(str, places)) == sorted(
            [str(Position(of_topic, 3, furthest))] + ([str(Position(DLQ.name, 3, 1))] if kind == "documents" else [])
        )


@pytest.mark.parametrize("kind", ["documents", "projects"])
async def test_a_stop_that_is_not_folded_in_time_says_so(world, http, lives, kind):
    """Neither an older state nor that there was nothing; with a way to look again."""
    address = f"/console/audit/{kind}/{lives[kind]}"
    there = (await http.get(f"{address}/then?stop=2")).text
    world.reads.behind = Behind(kind, 1, 4, 5)
    told = await http.get(f"{address}/then?stop=2")
    assert (told.status_code, "Not there yet" in told.text, "Not there yet" in there) == (200, True, False)
    title = {"documents": "<dd>Leave</dd>", "projects": "<dd>Tides</dd>"}[kind]
    assert (title in there, title in told.text, "not any more" in told.text) == (True, False, False)
    assert f'href="{address}?stop=2"' in told.text
