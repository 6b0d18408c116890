"""What an operator puts into a dead letter goes with what the letter is about, wherever its record's key points."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from support.erasing_house import TENANT, House
from support.letters import MemoryLetters
from support.operations import MemoryOperations
from support.redriving import dead, letter_of

from muniment.producers.belongings import Belongings
from muniment.producers.draft_sources import DraftSources
from muniment.schemas.codec import sealed_for
from muniment.schemas.metadata import Metadata
from muniment.schemas.operation_commands import EditDeadLetter
from muniment.schemas.operations import DeadLetterEdited, RedriveStarted
from muniment.schemas.record import Position, Record
from muniment.schemas.script_commands import GenerateDraft
from muniment.stream_apps.erasing.drafts import DraftStore
from muniment.stream_apps.erasing.stores import Forgotten
from muniment.stream_apps.operating.step import Operating
from muniment.stream_apps.operating.store import OperatingStore
from muniment.stream_apps.redriving.redelivery import redelivery
from muniment.stream_apps.redriving.store import RedrivingStore

SECRET = "quagga"


class Log:
    """The records of a log in memory, by their place."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def at(self, place: Position) -> Record | None:
        """See `Records`."""
        found = [r for r in self._house.log.sent if (r.topic, r.partition, r.offset) == _parts(place)]
        return found[0] if found else None


def _parts(place: Position) -> tuple[str, int, int]:
    return place.topic, place.partition, place.offset


async def nobody(_: Mapping[int, int]) -> Sequence[str]:
    """No read model is behind."""
    return ()


def said(house: House, tenant: str = TENANT) -> Metadata:
    """What a record says of itself."""
    event_id = uuid4()
    return Metadata(event_id, tenant, event_id, event_id, house.clock().replace(microsecond=0), "muniment.test")


async def buried(house: House, draft_id: UUID, project_id: UUID) -> Record:
    """The request of a draft, as a dead letter: its key is the project."""
    asked = GenerateDraft(
        project_id=project_id,
        episode_id=uuid4(),
        draft_id=draft_id,
        brief="a walk",
        template="script",
        language="en",
        max_tokens=9,
        temperature=0.0,
        seed=None,
        document_ids=(),
    )
    return await house.log.send(dead(1, record=await house.codec.encode(asked, said(house))))


async def edited(house: House, letter: Record, project_id: UUID) -> None:
    """An operator writes something into it, and it goes back to its step."""
    found = letter_of(letter)
    step = Operating(
        OperatingStore(house.pool),
        MemoryLetters([found]),
        Log(house),
        MemoryOperations(),
        house.codec,
        now=house.clock,
    )
    patch = json.dumps([{"op": "replace", "path": "/brief", "value": SECRET}])
    command = EditDeadLetter(document_id=project_id, letter=found.letter, patch=patch, reason="a typo")
    # As the API publishes it.
    record = await house.log.send(await house.codec.encode(command, said(house), owner=sealed_for(letter)))
    for made in [r async for r in step.run(await house.codec.decode(record))]:
        assert isinstance(made, Record)
        await house.log.send(made)
    await step.settled(await house.codec.decode(record))
    store = RedrivingStore(house.pool, house.clock)
    (redrive,) = await store.running()
    (leaving,) = await store.claim(redrive, below=9, most=9)
    await house.log.send(redelivery(letter, leaving))


async def test_the_edit_of_a_drafts_letter_is_erased_with_the_draft(house: House) -> None:
    """The letter's record is keyed by the project, which stays; no key that stays opens a word of the patch."""
    document, project_id, draft_id = await house.document(), uuid4(), uuid4()
    for owner in (project_id, draft_id):
        await house.ring.create(TENANT, owner)
    sources = DraftSources(house.pool)
    assert await sources.claim(TENANT, draft_id, project_id, uuid4(), [document], await sources.now())
    await edited(house, await buried(house, draft_id, project_id), project_id)
    assert [type(e).__name__ for e in (house.events(DeadLetterEdited) + house.events(RedriveStarted))] == [
        "DeadLetterEdited",
        "RedriveStarted",
    ]
    before = str(await house.codec.decode_many(house.log.sent))
    assert before.count(SECRET) == 3, "the command, what was decided, and the record that went back"
    belongings = Belongings(house.pool, house.subjects)
    how: Any = {"belongings": belongings, "behind": nobody, "ends": house.project_ends, "now": house.clock}
    drafts = DraftStore(house.pool, house.ring, house.log, **how)
    now = await sources.now()
    await drafts.erase(Forgotten(TENANT, [document], now, now, uuid4()))
    assert await house.ring.current(TENANT, project_id) is not None
    assert SECRET not in str(await house.codec.decode_many(house.log.sent))
    assert await house.pool.fetchval("select count(*) from muniment_operating.letters where edited is not null") == 0
