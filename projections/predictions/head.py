"""What is known of a document's versions, pure."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

Key = tuple[str, UUID]


@dataclass(frozen=True, slots=True)
class Head:
    """A row of `heads`.

    Attributes:
        tenant: Whose the document is.
        document_id: The document.
        active: The version that search sees; 0 while there is none.
        gone_up_to: Up to which version it was deleted or erased.
        cancelled: Versions that will never be seen, as far as they are neither gone nor outrun.
        indexed_at: When the active version was whole.

    """

    tenant: str
    document_id: UUID
    active: int = 0
    gone_up_to: int = 0
    cancelled: tuple[int, ...] = ()
    indexed_at: datetime | None = None

    def indexed(self, version: int, at: datetime) -> "Head":
        """After a version became whole; one that was cancelled before that stays away."""
        if version <= max(self.active, self.gone_up_to) or version in self.cancelled:
            return self
        return self._with(version, self.gone_up_to, self.cancelled, at)

    def gone(self, up_to: int) -> "Head":
        """After everything up to this version was deleted or erased."""
        up_to = max(up_to, self.gone_up_to)
        stays = self.active > up_to
        return self._with(self.active if stays else 0, up_to, self.cancelled, self.indexed_at if stays else None)

    def without(self, version: int) -> "Head":
        """After the job of this version was cancelled; one that was whole before that stays."""
        if version <= max(self.active, self.gone_up_to):
            return self
        return self._with(self.active, self.gone_up_to, (*self.cancelled, version), self.indexed_at)

    def wants(self, version: int) -> bool:
        """Whether phrases of this version are kept: it is the active one, or may become it."""
        return version >= self.active and version > self.gone_up_to and version not in self.cancelled

    def _with(self, active: int, gone_up_to: int, cancelled: tuple[int, ...], at: datetime | None) -> "Head":
        still = tuple(sorted({v for v in cancelled if v > max(active, gone_up_to)}))
        return Head(self.tenant, self.document_id, active, gone_up_to, still, at)
