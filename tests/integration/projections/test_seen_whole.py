"""Promise 7, under load: searches that run while versions are replaced never see half of one."""

import asyncio

import asyncpg
from projected_story import Log, ReadModel, Story, vector_of

from muniment.projections.chunks.queries import search

CHUNKS = 5


async def test_a_search_sees_all_of_a_version_or_nothing(read_model: ReadModel, log: Log) -> None:
    """Every answer during ten replacements and a deletion holds all chunks of exactly one version, or none at all."""
    first = Story(log, texts(1))
    await first.tell()
    await read_model.catch_up()
    seen: list[list[tuple[int, int]]] = []
    searching = asyncio.create_task(watch(read_model.pool, seen))
    for version in range(2, 12):
        mark = len(log.records)
        await Story(log, texts(version), document_id=first.document_id, version=version).tell()
        for record in log.records[mark:]:
            await read_model.fold("chunks", [record])
    last = Story(log, (), document_id=first.document_id, version=11)
    mark = len(log.records)
    await last.delete()
    for record in log.records[mark:]:
        await read_model.fold("chunks", [record])
    last_fold = len(seen)
    async with asyncio.timeout(60):
        # The one that was under way, and one that began after all was folded.
        while len(seen) < last_fold + 2:
            assert not searching.done(), searching
            await asyncio.sleep(0.01)
    searching.cancel()
    await asyncio.gather(searching, return_exceptions=True)
    assert len(seen) > 20
    assert all(len(answer) in {0, CHUNKS} for answer in seen), seen
    assert all(len({version for version, _ in answer}) <= 1 for answer in seen), seen
    versions = [answer[0][0] for answer in seen if answer]
    assert versions == sorted(versions)
    assert seen[-1] == []


def texts(version: int) -> list[str]:
    """The chunks of a version."""
    return [f"common chunk {n} of version {version}" for n in range(CHUNKS)]


async def watch(pool: asyncpg.Pool, seen: list[list[tuple[int, int]]]) -> None:
    """Search until cancelled; version and ordinal of the hits of every answer."""
    while True:
        page = await search(pool, "acme", "hybrid", "common chunk", vector_of("common").tolist(), 50)
        seen.append([(hit.version, hit.ordinal) for hit in page.hits])
