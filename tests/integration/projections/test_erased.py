"""What an erasure leaves in the read models: the life of the document, and nothing that it said."""

import random
from typing import Any
from uuid import uuid4

import pytest
from projected_story import Log, ReadModel, Story, vector_of

from muniment.projections.jobs.queries import job
from muniment.projections.registry import PROJECTIONS
from muniment.schemas.commands import CancelJob, EraseDocument
from muniment.schemas.documents import DocumentErased, JobCancelled
from muniment.schemas.record import Position

SECRET = "quagga"
TEXTS = [f"{SECRET} one", f"{SECRET} two", f"{SECRET} three"]


def story(log: Log, **about: Any) -> Story:
    """A document that says the secret in its text, its name and its labels."""
    return Story(log, TEXTS, title=f"{SECRET} title", metadata={"who": SECRET}, **about)


async def erase(log: Log, told: Story, *jobs: Any) -> None:
    """Asked for, and decided."""
    erasure_id, command_id = uuid4(), uuid4()
    asked = await log.say(EraseDocument(document_id=told.document_id, erasure_id=erasure_id), command_id, told.tenant)
    gone = DocumentErased(document_id=told.document_id, version=told.version, erasure_id=erasure_id, jobs=jobs)
    await log.say(gone, command_id, told.tenant, decided=Position(asked.topic, 0, asked.offset or 0))


async def everything(model: ReadModel) -> str:
    """Every row of every table of every read model, as text."""
    tables = await model.pool.fetch(
        "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname like '%\\_v_'"
    )
    assert len(tables) > 10
    out = []
    for table in tables:
        out += [row[0] for row in await model.pool.fetch(f"select t::text from {table['name']} t")]
    return "\n".join(out)


async def test_nothing_personal_is_left_in_any_table(read_model: ReadModel, log: Log) -> None:
    """Two versions, a cancelled job with its reason, then the erasure: no row of any table holds what was said."""
    first = story(log)
    await first.tell()
    second = story(log, document_id=first.document_id, version=2)
    await second.submitted(await second.command())
    await second.prepared(0)
    by = uuid4()
    about: dict[str, Any] = {"document_id": first.document_id, "job_id": second.job, "reason": f"{SECRET} left"}
    await log.say(CancelJob(**about), by, "acme")
    await log.say(JobCancelled(version=2, **about), by, "acme")
    await read_model.catch_up()
    before = await everything(read_model)
    assert SECRET in before
    assert before.count(f"{SECRET} left") > 1
    await erase(log, second)
    await read_model.catch_up()
    after = await everything(read_model)
    assert SECRET not in after
    assert str(next(iter(vector_of(TEXTS[0]))))[:8] not in after
    assert str(first.document_id) in after


@pytest.mark.parametrize("seed", range(4))
async def test_records_that_come_late_bring_nothing_back(read_model: ReadModel, log: Log, seed: int) -> None:
    """Topics are read in any order: what of an erased version is folded after the erasure leaves no row of it."""
    told = story(log)
    await told.tell()
    await erase(log, told)
    dice = random.Random(seed)
    lanes: dict[str, list[Any]] = {}
    for record in log.records:
        lanes.setdefault(record.topic, []).append(record)
    while left := [lane for lane in lanes.values() if lane]:
        record = dice.choice(left).pop(0)
        for name in PROJECTIONS:
            await read_model.fold(name, [record])
    assert SECRET not in await everything(read_model)


async def test_a_rebuild_with_the_key_destroyed_comes_to_the_same_rows(read_model: ReadModel, log: Log) -> None:
    """Folded live with the key, or from zero without it: the tables do not differ."""
    told, other = story(log), Story(log, ["stays"], title="stays")
    await told.tell()
    await other.tell()
    await erase(log, told)
    await read_model.catch_up()
    live = await read_model.contents()
    assert await log.ring.destroy("acme", told.document_id) == 1
    for name, make in PROJECTIONS.items():
        for table in make(8).tables:
            await read_model.pool.execute(f"truncate {name}_v{make(8).version}.{table} cascade")
    await read_model.forget()
    await read_model.catch_up()
    again = await read_model.contents()
    assert again == live
    assert SECRET not in await everything(read_model)


async def test_work_under_way_ends_with_the_erasure(read_model: ReadModel, log: Log) -> None:
    """The job shows as cancelled, and why."""
    told = story(log)
    await told.submitted(await told.command())
    await told.extracted()
    await erase(log, told, told.job)
    await read_model.catch_up()
    found = await job(read_model.pool, "acme", told.job)
    assert found is not None
    assert (found.state, found.error_code) == ("cancelled", "document_erased")
