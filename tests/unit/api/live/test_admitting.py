"""Documents that come into a project, told to who listens to it."""

from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest
from support.feed import NOW, MemoryFeed, MemoryMoment, job_row
from support.listening import listen

from muniment.api.live.hub import Hub
from muniment.api.live.watch import Watch
from muniment.api.settings import ApiSettings
from muniment.projections.jobs.queries import JobRow


async def test_what_comes_in_during_a_look_is_told_with_its_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """That look asked for the jobs of others: the next one tells of it."""
    feed = MemoryFeed()
    row = feed.say(job_row(state="running", step="embedding", started_at=NOW))
    asked = MemoryMoment.newest
    async with Hub(feed, ApiSettings()) as hub:
        reader = listen(hub, Watch("acme", project_id=uuid4()))
        await reader.until(lambda r: r.stream.joined)

        async def newest(moment: MemoryMoment, tenant: str, document_ids: Sequence[UUID]) -> list[JobRow]:
            found = await asked(moment, tenant, document_ids)
            if row.document_id not in document_ids:
                reader.stream.admit([{row.document_id}])
            return found

        monkeypatch.setattr(MemoryMoment, "newest", newest)
        reader.stream.admit([{uuid4()}])
        await reader.until(lambda r: [e.data["job_id"] for e in r.jobs] == [str(row.job_id)], 10)
