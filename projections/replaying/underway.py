"""What is being folded anew right now, beside what readers see: replays and verifications, and how far they are.

Whoever runs them tells a person at a terminal; this is what everybody else can see of it: the checkpoints of the
schema that is being filled against those of the live one, and whether somebody still holds its lock.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from muniment.projections.replaying.shadow import SCRATCH

_SAFE = re.compile(r"^[a-z][a-z0-9_]{0,62}$")
_FILLED = """
select r.projection, r.schema, 'replay' as what, r.started_at, l.schema as live,
    'muniment replay ' || r.projection as lock from read.rebuilds r join read.live l using (projection)
union all
select k.projection, k.schema, 'verify', k.kept_at, l.schema, 'muniment scratch ' || k.schema
from read.kept k join read.live l using (projection) where k.why = $1
order by 4
"""
# A lock with one key lies in `classid` and `objid` as two halves of 32 bits.
_HELD = """
select exists (select from pg_locks where locktype = 'advisory' and granted and objsubid = 1
    and classid::bigint = (hashtext($1)::bigint >> 32) & 4294967295
    and objid::bigint = hashtext($1)::bigint & 4294967295)
"""
_FAR = """
select coalesce(sum(least(new.next_offset, old.next_offset)), 0)::bigint as done,
    coalesce(sum(old.next_offset), 0)::bigint as total
from {live}.checkpoints old left join {schema}.checkpoints new using (topic, partition) where old.topic not like '%/%'
"""


@dataclass(frozen=True, slots=True)
class Underway:
    """A read model that is being folded anew.

    Attributes:
        what: `replay`, or `verify`.
        running: Whether somebody is at it; a replay that was stopped waits to be started again.
        done: Records of the log that are folded, of the `total` that the live one has folded.

    """

    projection: str
    schema: str
    what: str
    running: bool
    started_at: datetime
    done: int
    total: int


async def under_way(pool: Any) -> list[Underway]:
    """Every replay and verification that was begun and has not ended, the oldest first."""
    found = []
    for row in await pool.fetch(_FILLED, SCRATCH):
        far = await _far(pool, row["schema"], row["live"])
        if far is not None:
            running = await pool.fetchval(_HELD, row["lock"])
            found.append(Underway(row["projection"], row["schema"], row["what"], running, row["started_at"], *far))
    return found


async def _far(pool: Any, schema: str, live: str) -> tuple[int, int] | None:
    assert _SAFE.match(schema), schema
    assert _SAFE.match(live), live
    # It may end, and its schema go, between two looks.
    if await pool.fetchval("select to_regclass($1) is null", f"{schema}.checkpoints"):
        return None
    row = await pool.fetchrow(_FAR.replace("{schema}", schema).replace("{live}", live))
    return row["done"], row["total"]
