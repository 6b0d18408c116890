"""How many documents stand in line behind a record that waits for its retry, by step: for who looks after the house."""

from dataclasses import dataclass
from typing import Any

from muniment.producers.postgres import database

_LINES = """
select h.step, count(*) as documents, coalesce(sum(r.records), 0)::bigint as records
from muniment_parking.heads h left join lateral (
    select count(*) as records from muniment_parking.records r
    where r.step = h.step and r.tenant = h.tenant and r.key = h.key and r.origin <> h.head
) r on true group by h.step order by h.step
"""


@dataclass(frozen=True, slots=True)
class Line:
    """At one step: documents of which a record waits for its retry, and records that wait behind those."""

    step: str
    documents: int
    records: int


async def lines(pool: Any) -> list[Line]:
    """Every step at which somebody waits; raises `StepFailure(database_unavailable)`."""
    async with database():
        return [Line(row["step"], row["documents"], row["records"]) for row in await pool.fetch(_LINES)]
