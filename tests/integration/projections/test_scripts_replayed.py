"""Drafts that a model wrote come from the log alone: a replay asks nobody."""

from projected_story import Log, ReadModel, schema_of
from support.drafting import BRIEF, desk

from muniment.projections.registry import PROJECTIONS
from muniment.schemas.scripts import DraftWritten

MODELS = ("scripts", "projects", "jobs")


async def test_a_replay_of_drafts_calls_no_model(read_model: ReadModel, log: Log, database_url: str) -> None:
    """A draft is written by a server of a model's protocol; with that gone, a rebuild comes to the same text."""
    async with desk(database_url) as made:
        assert await made.work(await made.ask()) == "done"
        (written,) = await made.said(DraftWritten)
        records, calls = list(made.log.sent), made.server.calls
        log.ring = made.ring
    assert len(calls) == 1
    shown = []
    for _ in range(2):
        for name in MODELS:
            await read_model.fold(name, records, rebuilding=True)
        row = await read_model.pool.fetchrow("select * from read.drafts where draft_id = $1", written.draft_id)
        shown.append(dict(row))
        assert (row["brief"], row["text"]) == (BRIEF, written.text)
        for name in MODELS:
            schema = schema_of(name)
            for table in PROJECTIONS[name](8).tables:
                await read_model.pool.execute(f"truncate {schema}.{table}")
            await read_model.pool.execute(f"update {schema}.checkpoints set next_offset = 0")
    assert shown[0] == shown[1]
    assert len(calls) == 1
