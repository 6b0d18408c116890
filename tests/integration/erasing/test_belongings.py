"""What belongs to a person is one thing: an export hands it out, and after an erasure of the person there is none."""

from uuid import UUID, uuid4

import pytest
from support.erasing_desk import SECRET, Desk, finish
from support.erasing_house import TENANT, House

from muniment.producers.belongings import Belonging, Belongings, Script
from muniment.schemas.erasures import KeysDestroyed, StoreErased
from muniment.schemas.scripts import DraftCommitted, DraftErased


@pytest.fixture
def desk(house: House) -> Desk:
    """A desk."""
    return Desk(house, uuid4(), uuid4())


async def held(house: House, person: str) -> Belonging:
    """What an export hands out to a person."""
    tag = await house.subjects.tag(TENANT, person)
    return await Belongings(house.pool, house.subjects).of(TENANT, tag)


async def test_an_erasure_takes_all_that_an_export_hands_out(desk: Desk) -> None:
    """Documents about the person, drafts of those, drafts that they asked for or made, and what others made of them."""
    house = desk.house
    mine, other = await house.document("anna"), await house.document("ben")
    from_mine = await desk.begun(mine, by="person:ben")
    asked = await desk.begun(other, by="person:anna")
    await desk.written(asked)
    nothing_behind = await desk.begun(by="person:anna")
    edited = await desk.revised(await desk.revised(nothing_behind, by="person:ben"), by="person:ben")
    made = await desk.revised(unrelated := await desk.begun(other, by="person:ben"), by="anna")
    await desk.fold()
    before = await held(house, "anna")
    assert before.documents == (mine,)
    assert {from_mine, asked, nothing_behind, edited, made} < before.drafts.keys()
    assert (len(before.drafts), before.drafts[asked], before.drafts[nothing_behind]) == (6, (other,), ())
    await house.ask(subject="anna")
    await finish(desk)
    assert await held(house, "anna") == Belonging((), {})
    for one in (*before.documents, *before.drafts):
        assert await house.ring.current(TENANT, one) is None
    assert {event.draft_id for event in house.events(DraftErased)} == set(before.drafts)
    assert before.drafts.keys() <= set(house.events(KeysDestroyed)[-1].document_ids)
    report = next(event for event in house.events(StoreErased) if event.store == "drafts")
    assert (report.removed, "asked for by the person" in report.note) == (6, True)
    left = await house.ring.current(TENANT, unrelated), await house.ring.current(TENANT, other)
    assert None not in left, "what is somebody else's stays"
    assert set((await held(house, "ben")).drafts) == {unrelated}
    assert (await desk.readable()).count(SECRET) == 2, "the request of the unrelated draft, on the log and in its row"


async def test_a_person_of_whom_there_is_no_document_has_drafts_to_erase(desk: Desk) -> None:
    """Named as the log names who asked, a key among them; somebody of the same name elsewhere is somebody else."""
    house = desk.house
    by_key, other = await desk.begun(by="key:k1"), await desk.begun(by="key:k2")
    await desk.fold()
    assert set((await held(house, "key:k1")).drafts) == {by_key}
    stranger = await house.subjects.tag("umbrella", "key:k1")
    assert (await Belongings(house.pool, house.subjects).of("umbrella", stranger)).drafts == {}
    await house.ask(subject="key:k1")
    await finish(desk)
    assert await house.ring.current(TENANT, by_key) is None
    assert await house.ring.current(TENANT, other) is not None


async def test_an_erasure_of_a_document_takes_nothing_else_of_who_asked(desk: Desk) -> None:
    """It names no person: what they asked for from other documents stays."""
    house = desk.house
    document, other = await house.document(), await house.document()
    gone, kept = await desk.begun(document, by="person:anna"), await desk.begun(other, by="person:anna")
    await desk.fold()
    await house.ask([document])
    await finish(desk)
    assert await house.ring.current(TENANT, gone) is None
    assert await house.ring.current(TENANT, kept) is not None
    assert set((await held(house, "anna")).drafts) == {kept}


async def test_no_draft_is_looked_for_before_the_read_model_knows_of_it(desk: Desk) -> None:
    """Who asked for what stands there: an erasure of a person waits until all that lay on the log is folded."""
    house = desk.house
    asked = await desk.begun(by="person:anna")
    await house.ask(subject="anna")
    await finish(desk)
    assert await house.ring.current(TENANT, asked) is None


async def committed(desk: Desk, draft: UUID, number: int) -> None:
    """A draft becomes the episode's script, as that version of it."""
    about = {"project_id": desk.project_id, "episode_id": desk.episode_id, "draft_id": draft}
    await desk.say(DraftCommitted(**about, revision=number, number=number))


async def test_scripts_that_would_go_are_told_before(desk: Desk) -> None:
    """A draft that the person asked for is a script; of each episode the newest version that goes is named."""
    house = desk.house
    other = await house.document("ben")
    asked, unrelated = await desk.begun(other, by="person:anna"), await desk.begun(other, by="person:ben")
    edited = await desk.revised(asked, by="person:ben")
    for draft in (asked, unrelated):
        await desk.written(draft)
    for number, draft in enumerate((asked, edited), 1):
        await committed(desk, draft, number)
    await desk.fold()
    tag = await house.subjects.tag(TENANT, "anna")
    reached = await Belongings(house.pool, house.subjects).reach(TENANT, (), tag)
    assert (reached.documents, set(reached.drafts)) == ((), {asked, edited})
    assert reached.scripts == (Script(desk.project_id, desk.episode_id, "", edited, 2, current=True),)
    await committed(desk, unrelated, 3)
    await desk.fold()
    reached = await Belongings(house.pool, house.subjects).reach(TENANT, (), tag)
    assert [(one.number, one.current) for one in reached.scripts] == [(2, False)]
    assert (await Belongings(house.pool, house.subjects).reach(TENANT, [other], None)).scripts[0].number == 3


async def test_only_documents_that_there_are_would_go(house: House) -> None:
    """Neither an id that no document has, nor that of one whose key is gone, counts as something to erase."""
    there, erased = await house.document("anna"), await house.document()
    await house.ring.destroy(TENANT, erased)
    reached = await Belongings(house.pool, house.subjects).reach(TENANT, [there, erased, uuid4()], None)
    assert reached.documents == (there,)


async def test_a_document_whose_key_is_gone_and_whose_rows_are_not_would_go(house: House) -> None:
    """Its key was given up, or its erasure was killed before it came to the read models."""
    document_id, deleted = await house.document(), await house.document()
    row = "insert into read.documents (tenant, document_id, status, latest_version, deleted_up_to) values"
    await house.pool.execute(
        f"{row} ($1, $2, 'indexed', 1, 0), ($1, $3, 'deleted', 1, 1)", TENANT, document_id, deleted
    )
    for one in (document_id, deleted):
        await house.ring.destroy(TENANT, one)
    reached = await Belongings(house.pool, house.subjects).reach(TENANT, [document_id, deleted], None)
    assert reached.documents == (document_id,)
