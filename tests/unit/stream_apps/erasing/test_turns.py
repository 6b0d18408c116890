"""Erasures have their turns one after the other, and none of them holds up the next."""

from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from support.bare_eraser import bare_eraser

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@dataclass
class Erasures:
    """Those under way; what is asked of a stuck one fails."""

    those: list[Any]
    stuck: UUID

    async def under_way(self) -> list[Any]:
        return self.those

    async def no_documents(self, tenant: str, ids: Any) -> Any:
        del tenant, ids
        return ()

    async def found(self, erasure: Any, documents: Any, held: Any, then: str, now: datetime) -> bool:
        del documents, held, then, now
        if erasure.erasure_id == self.stuck:
            raise StepFailure(ErrorCode.BLOB_UNAVAILABLE, "the blob store is away")
        self.those = [one for one in self.those if one.erasure_id != erasure.erasure_id]
        return True


async def test_one_that_is_stuck_holds_up_no_other() -> None:
    """The others have their turn all the same, and the failure is told after it."""
    stuck, other = (
        SimpleNamespace(
            erasure_id=uuid4(), stage="finding", tenant="acme", subject="", document_ids=(), origin="request"
        )
        for _ in range(2)
    )
    erasures: Any = Erasures([stuck, other], stuck.erasure_id)
    eraser = bare_eraser(store=erasures, now=lambda: NOW)
    with pytest.raises(StepFailure, match="the blob store is away"):
        await eraser.turn()
    assert erasures.those == [stuck]
