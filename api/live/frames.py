"""Events as they go over the wire. The framing is FastAPI's; see `docs/decisions/0022-live-jobs.md`."""

import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from fastapi.sse import format_sse_event

from muniment.api.answers import Answer, Job
from muniment.api.live.telling import News
from muniment.api.problems.problem import Problem, problem_body
from muniment.api.rows import job_answer
from muniment.projections.jobs.feed_mark import Mark

RETRY_MS = 2000
ADMITTED = "admitted up to "
PING = format_sse_event(comment="still here")
HELLO = format_sse_event(retry=RETRY_MS)


class JobsNow(Answer):
    """A tenant's jobs that have not ended, newest first; `more` says that there are others, which are older."""

    jobs: list[Job]
    more: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """An event, ready to be sent.

    Attributes:
        data: The bytes.
        event_id: Up to where its reader is told with it; `None` for what is told beside the order of the log.
        mark: The same, to go on from.
        ended: Whether it is the end of a job.
        queued: Of the jobs in it, which wait in the queue and which do not.
        admits: Whether it tells the jobs of documents that came into a project.

    """

    data: bytes
    event_id: str | None = None
    mark: Mark | None = None
    ended: bool = False
    queued: Mapping[UUID, bool] = field(default_factory=dict)
    admits: bool = False


def news(told: News) -> Frame:
    """A job that has changed: `job`, or `end`."""
    return of_job(job_answer(told.job, searchable=told.searchable), told.mark, told.event_id)


def of_job(job: Job, mark: Mark | None, event_id: str | None, event: str | None = None) -> Frame:
    """A job under an event of this name; `job` or `end` where none is given."""
    name = event or ("end" if job.ended else "job")
    data = format_sse_event(event=name, data_str=job.model_dump_json(), id=event_id)
    return Frame(data, event_id, mark, ended=name == "end", queued=_queued([job]))


def snapshot(jobs: JobsNow, mark: Mark, event_id: str) -> Frame:
    """The jobs as they are now."""
    data = format_sse_event(event="snapshot", data_str=jobs.model_dump_json(), id=event_id)
    return Frame(data, event_id, mark, queued=_queued(jobs.jobs))


def admitted(groups: Iterable[Iterable[Job]], mark: Mark, event_id: str) -> Frame:
    """Jobs of documents that came into a project, as of this id; after each group a comment, where to tell of that."""
    here = format_sse_event(comment=ADMITTED + event_id)
    data = b"".join(b"".join(of_job(job, None, None).data for job in group) + here for group in groups)
    return Frame(data, event_id, mark, admits=True)


def queue(queued: int, positions: dict[str, int]) -> Frame:
    """Places in the queue. They change without anything happening to the job, so they are told beside the order."""
    text = json.dumps({"queued": queued, "positions": positions})
    return Frame(format_sse_event(event="queue", data_str=text))


def reset() -> Frame:
    """The caller's id leads nowhere any more: what follows is a snapshot."""
    told = {
        "code": "resume_too_old",
        "detail": "What happened since this Last-Event-ID can no longer be told one by one.",
        "what_to_do": "Go on from the snapshot that follows; GET /v1/jobs lists the jobs that have ended meanwhile.",
    }
    return Frame(format_sse_event(event="reset", data_str=json.dumps(told)))


def refused(problem: Problem) -> bytes:
    """The last of a stream whose reader may listen no longer: why, and what to do."""
    body = problem_body(problem)
    told = {name: body[name] for name in ("code", "detail", "what_to_do")}
    return format_sse_event(event="refused", data_str=json.dumps(told))


def reconnect(reason: str) -> Frame:
    """The stream ends here and goes on elsewhere. Clients come back spread over some seconds, not all at once."""
    wait_ms = random.randint(RETRY_MS // 4, 2 * RETRY_MS)  # noqa: S311 - no secret
    return Frame(format_sse_event(event="reconnect", data_str=json.dumps({"reason": reason}), retry=wait_ms))


def _queued(jobs: Iterable[Job]) -> dict[UUID, bool]:
    return {job.job_id: job.state == "queued" for job in jobs}
