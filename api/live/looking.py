"""One look at the feed: all that there is to tell to open streams and to those that join, as of one moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog

from muniment.api.live import catching_up
from muniment.api.live.audience import FIRST_IN_QUEUE, Audience
from muniment.api.live.catching_up import Now, Page, TooOld
from muniment.api.live.feed import Moment, Versions
from muniment.api.live.stream import Stream
from muniment.api.live.telling import SEARCH_BEHIND
from muniment.api.live.watch import Watch
from muniment.projections.jobs.feed_mark import HELD, Mark, Partition
from muniment.projections.jobs.feed_queries import Queue, Scope, Told
from muniment.projections.jobs.queries import JobRow

LOG = structlog.get_logger(__name__)
PAGE = 500
FAULTS = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)
"""What only our own code, or what one reader brought, can be at fault for; a database that is away is none of them."""
MOST_ADMITTED = 200
"""Of so many documents that come in at once the jobs are told; of more, their list is to be read."""
JOIN_PAGE = 100
"""Changes that are read for a stream on joining; one that missed more reads on by itself first."""


@dataclass(slots=True)
class Seen:
    """What a look found.

    Attributes:
        at: When.
        reached: How far the jobs are folded.
        changes: Those of the tenants that somebody listens to.
        more: There are further changes; nobody may join before these were told.
        unseen: By tenant, what search has not come to yet of all that waits for it.
        off: By tenant that nobody listened to before, its last ends, those without a job that are told.
        admitted: For streams that admit documents, which these are, and their newest jobs by document.
        beginnings: What each stream that joins begins with; `None` where its mark leads nowhere.
        broken: The stream whose beginning could not be made; those after it have to wait for the next look.
        queues: By tenant, places in the queue.

    """

    at: datetime
    reached: dict[Partition, int]
    changes: list[Told] = field(default_factory=list)
    more: bool = False
    unseen: dict[str, Versions] = field(default_factory=dict)
    off: dict[str, list[Told]] = field(default_factory=dict)
    admitted: list[tuple[Stream, frozenset[UUID], Mapping[UUID, JobRow]]] = field(default_factory=list)
    beginnings: list[tuple[Stream, Now | Page | None]] = field(default_factory=list)
    broken: Stream | None = None
    queues: dict[str, Queue] = field(default_factory=dict)


async def look(
    moment: Moment,
    reached: Mapping[Partition, int],
    audiences: Mapping[str, Audience],
    joining: Sequence[Stream],
    admitting: Sequence[Stream] = (),
    *,
    queues: bool,
) -> Seen:
    """Read what changed beyond `reached`, and, where that is all of it, what is new to those who join or admit."""
    seen = Seen(moment.at, dict(await moment.reached()))
    tenants = sorted(audiences)
    if tenants:
        seen.changes = list(await moment.beyond(Mark(moment.at, reached), Scope(tenants), PAGE))
        seen.more = len(seen.changes) >= PAGE
    for tenant in tenants:
        audience = audiences.get(tenant)
        awaited = audience.telling.awaited if audience else set()
        wanted = awaited | catching_up.versions_of(c for c in seen.changes if c.tenant == tenant)
        seen.unseen[tenant] = await moment.unseen(tenant, wanted) if wanted else set()
        waiting = audience.in_queue() if audience and queues else []
        if queues and audience and (waiting or audience.wide):
            seen.queues[tenant] = await moment.queue(tenant, waiting, FIRST_IN_QUEUE)
    if not seen.more:
        await _beginnings(moment, seen, joining, tenants)
        await _admitted(moment, seen, admitting)
    return seen


async def _admitted(moment: Moment, seen: Seen, admitting: Sequence[Stream]) -> None:
    shared: dict[tuple[str, frozenset[UUID]], Mapping[UUID, JobRow]] = {}
    for stream in admitting:
        key = stream.watch.tenant, frozenset[UUID]().union(*stream.admitting)
        if key not in shared:
            few = len(key[1]) <= MOST_ADMITTED
            rows = await moment.newest(key[0], sorted(key[1])) if few else []
            shared[key] = {row.document_id: row for row in rows}
        seen.admitted.append((stream, key[1], shared[key]))


async def _beginnings(moment: Moment, seen: Seen, joining: Sequence[Stream], tenants: Sequence[str]) -> None:
    shared: dict[Watch, Now] = {}
    for stream in joining:
        watch, mark = stream.watch, stream.told_up_to
        begin: Now | Page | None = None
        try:
            if watch.tenant not in tenants and watch.tenant not in seen.off:
                seen.off[watch.tenant] = list(await moment.awaiting(watch.tenant, SEARCH_BEHIND, HELD))
            if mark is None:
                begin = shared.get(watch) or await catching_up.now(moment, watch)
                shared[watch] = begin
            else:
                begin = await catching_up.missed(moment, watch, mark, JOIN_PAGE)
        except TooOld:
            pass
        except FAULTS:
            LOG.exception("live.beginning_failed", tenant=watch.tenant, resumed=mark is not None)
            seen.broken = stream
            return
        seen.beginnings.append((stream, begin))
