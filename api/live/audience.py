"""The open streams of one tenant, and what they were told."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from muniment.api.live import frames
from muniment.api.live.frames import Frame
from muniment.api.live.stream import Stream
from muniment.api.live.telling import News, Telling
from muniment.projections.jobs.feed_mark import Partition
from muniment.projections.jobs.feed_queries import Queue
from muniment.projections.jobs.queries import JobRow

FIRST_IN_QUEUE = 20
"""So many places of each lane are told to streams of all jobs."""
MOST_PLACES = 10_000
"""Jobs of a tenant, watched by name, whose places are looked up at once."""


@dataclass(slots=True)
class Audience:
    """Streams by what they are about, so that a change finds its few among thousands."""

    reached: Mapping[Partition, int]
    telling: Telling = field(init=False)
    streams: set[Stream] = field(default_factory=set)
    _by: dict[UUID | None, set[Stream]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.telling = Telling(self.reached, self._wanted)

    def add(self, stream: Stream) -> None:
        """Let a stream hear what happens from now on."""
        self.streams.add(stream)
        for key in _keys(stream):
            self._by.setdefault(key, set()).add(stream)

    def remove(self, stream: Stream) -> None:
        """Let it hear no more."""
        self.streams.discard(stream)
        for key in _keys(stream):
            left = self._by.get(key, set())
            left.discard(stream)
            if not left:
                self._by.pop(key, None)

    @property
    def empty(self) -> bool:
        """Whether nobody listens."""
        return not self.streams

    def spread(self, news: News) -> None:
        """Tell everybody whom it concerns: one event, made once."""
        frame = frames.news(news)
        for stream in self._concerned(news.job):
            stream.push(frame)

    def in_queue(self) -> list[UUID]:
        """The jobs that somebody watches by name and that may be waiting for their turn."""
        return sorted({job_id for stream in self.streams for job_id in stream.waiting})[:MOST_PLACES]

    @property
    def wide(self) -> bool:
        """Whether anybody follows jobs without naming them."""
        return any(stream.watch.only is None for stream in self.streams)

    def spread_queue(self, queue: Queue) -> None:
        """Tell the places that have changed: of the jobs that a stream names, else the first ones."""
        first = {job_id: place for job_id, place in queue.places.items() if place <= FIRST_IN_QUEUE}
        everybody: Frame | None = None
        for stream in tuple(self.streams):
            named = stream.watch.only is not None
            places = {i: queue.places[i] for i in stream.waiting if i in queue.places} if named else first
            if named and not places:
                continue
            if stream.places == (queue.queued, places) or (stream.places is None and not queue.queued):
                continue
            stream.places = (queue.queued, places)
            if named:
                stream.push(_told(queue.queued, places))
                continue
            everybody = everybody or _told(queue.queued, first)
            stream.push(everybody)

    def _wanted(self, job: JobRow) -> bool:
        return next(self._concerned(job), None) is not None

    def _concerned(self, job: JobRow) -> Iterator[Stream]:
        for key in (job.job_id, job.document_id, None):
            yield from (stream for stream in tuple(self._by.get(key, ())) if stream.watch.wants(job))


def _told(queued: int, places: Mapping[UUID, int]) -> Frame:
    return frames.queue(queued, {str(job_id): place for job_id, place in places.items()})


def _keys(stream: Stream) -> Iterable[UUID | None]:
    """Where a stream is looked for: under its jobs, else its document, else under all."""
    return stream.watch.only or (stream.watch.document_id,)
