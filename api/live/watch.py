"""What a stream is about."""

from dataclasses import dataclass, field
from uuid import UUID

from muniment.projections.jobs.feed_queries import Scope
from muniment.projections.jobs.queries import JobRow


@dataclass(frozen=True, slots=True)
class Watch:
    """A tenant's jobs, narrowed by every part that is given.

    Attributes:
        tenant: Whose.
        job_id: One job alone: the stream ends with it.
        job_ids: Only these.
        document_id: Only jobs of this document.
        lane: Only jobs of this lane.
        project_id: Only jobs of this project, its own and those of its documents, and
        members: which those are by now.

    """

    tenant: str
    job_id: UUID | None = None
    job_ids: frozenset[UUID] | None = None
    document_id: UUID | None = None
    lane: str | None = None
    project_id: UUID | None = None
    members: set[UUID] = field(default_factory=set, compare=False)

    @property
    def only(self) -> frozenset[UUID] | None:
        """The jobs by name, when they are named."""
        return frozenset({self.job_id}) if self.job_id else self.job_ids

    @property
    def scope(self) -> Scope:
        """For the query, which knows no lanes."""
        only = self.only
        return Scope([self.tenant], None if only is None else sorted(only), self.document_id)

    def wants(self, job: JobRow) -> bool:
        """Whether a job of the tenant is among them."""
        only = self.only
        return (
            (only is None or job.job_id in only)
            and self.document_id in {None, job.document_id}
            and self.lane in {None, job.lane}
            and (self.project_id is None or self.project_id == job.project_id or job.document_id in self.members)
        )
