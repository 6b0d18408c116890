"""Work that a deletion or cancellation has overtaken: its bytes were to go, so that they are gone is nobody's fault."""

from typing import Protocol
from uuid import UUID

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure


class Deletions(Protocol):
    """Who knows what is deleted or cancelled: the deciders, who write it down before anything is purged."""

    async def deleted_up_to(self, tenant: str, document_id: UUID) -> int:
        """The version up to which the document is deleted; 0 when it never was."""
        ...

    async def cancelled(self, tenant: str, document_id: UUID, version: int) -> bool:
        """Whether this version was cancelled."""
        ...


async def overtaken(error: StepFailure, deletions: Deletions, tenant: str, document_id: UUID, version: int) -> bool:
    """Whether the bytes are missing because this version was deleted or cancelled while its work was on the way."""
    if error.code is not ErrorCode.BLOB_MISSING:
        return False
    if version <= await deletions.deleted_up_to(tenant, document_id):
        return True
    return await deletions.cancelled(tenant, document_id, version)
