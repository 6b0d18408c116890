"""The last ends of a tenant, from which a hub takes what is put off."""

from datetime import timedelta

import asyncpg
from projected_story import Log, ReadModel, Story

from muniment.api.live.postgres_feed import PostgresFeed

HOUR = timedelta(hours=1)


async def test_ends_that_search_has_come_to_are_there_without_their_job(
    pool: asyncpg.Pool, read_model: ReadModel, log: Log
) -> None:
    """In the order in which they were folded; of more than are asked for the newest."""
    seen, unseen = Story(log, ("one", "two")), Story(log, ("three",))
    await seen.tell()
    await read_model.fold("jobs", log.records)
    await read_model.fold("chunks", log.records)
    told = len(log.records)
    await unseen.tell()
    await read_model.fold("jobs", log.records[told:])
    async with PostgresFeed(pool).moment() as moment:
        ends = await moment.awaiting("acme", HOUR, 300)
        newest = await moment.awaiting("acme", HOUR, 1)
        nobody = await moment.awaiting("umbrella", HOUR, 300)
    assert {(end.job_id, end.job is not None, end.awaits) for end in ends} == {
        (seen.job, False, None),
        (unseen.job, True, 1),
    }
    assert [end.job_id for end in ends] == sorted((end.job_id for end in ends), key=[seen.job, unseen.job].index)
    assert newest == ends[-1:]
    assert nobody == []
