"""Rows of the feed: written in the transaction of the fold, let go of after some days."""

from collections.abc import Sequence
from datetime import UTC, datetime

from muniment.projections.jobs.feed import KEPT, MARGIN, Change, to_text
from muniment.projections.projection import Connection

PRUNED_AT_ONCE = 5000
"""Rows that one look-over deletes at most: a short statement every few seconds rather than a long one a day."""

_ADD = """
insert into {s}.feed (topic, partition, "offset", tenant, job_id, document_id, awaits, job)
select * from unnest($1::text[], $2::int[], $3::bigint[], $4::text[], $5::uuid[], $6::uuid[], $7::bigint[], $8::text[])
on conflict do nothing
"""
_PRUNE = """
delete from {s}.feed where number in (
    select number from {s}.feed where number < (select min(number) from {s}.feed) + $2
    and told_at < now() - $1::interval for update skip locked
)
"""
_LIVE = "select exists (select from read.live where projection = 'jobs' and schema = $1)"


async def add(connection: Connection, schema: str, changes: Sequence[Change]) -> None:
    """Write what changed. A rebuild leaves out what is too old to be told to anybody."""
    wanted = list(changes)
    oldest = datetime.now(UTC) - KEPT - MARGIN
    if any(change.at < oldest for change in wanted) and not await connection.fetchval(_LIVE, schema):
        wanted = [change for change in wanted if change.at >= oldest]
    if not wanted:
        return
    rows = [change.row for change in wanted]
    await connection.execute(
        _ADD.format(s=schema),
        [change.topic for change in wanted],
        [change.partition for change in wanted],
        [change.offset for change in wanted],
        [change.job.tenant for change in wanted],
        [change.job.job_id for change in wanted],
        [change.job.document_id for change in wanted],
        [row.version if row and row.indexed else None for row in rows],
        [to_text(row) if row else None for row in rows],
    )


async def prune(connection: Connection, schema: str, most: int = PRUNED_AT_ONCE) -> None:
    """Delete the oldest rows, as far as nobody was promised them any more, `most` at once."""
    await connection.execute(_PRUNE.format(s=schema), KEPT + MARGIN, most)
