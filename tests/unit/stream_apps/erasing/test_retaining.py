"""When what is too old is looked for."""

import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from support.bare_eraser import bare_eraser

from muniment.stream_apps.erasing import eraser
from muniment.stream_apps.erasing.eraser import RETENTION_EVERY_S, RETENTION_MORE_S
from muniment.stream_apps.erasing.retention import AT_ONCE, Due


class Old:
    """So many documents are too old at each look."""

    def __init__(self, counts: Sequence[int]) -> None:
        self.counts = list(counts)

    async def run(self) -> list[Due]:
        documents: list[UUID] = [uuid4() for _ in range(self.counts.pop(0))]
        return [Due("acme", 30, documents)] if documents else []


async def test_more_than_one_erasure_takes_is_looked_for_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a tenant with many documents gets ever further behind its rule, a thousand an hour."""
    old: Any = Old([AT_ONCE, AT_ONCE - 1, 0])
    made = bare_eraser(retention=old)
    clock = time.monotonic()
    monkeypatch.setattr(eraser.time, "monotonic", lambda: clock)
    looked = []
    for seconds in (0.0, RETENTION_MORE_S - 1, 2.0, RETENTION_EVERY_S - 1, 2.0):
        clock += seconds
        await made._retain()
        looked.append(3 - len(old.counts))
    assert looked == [1, 1, 2, 2, 3]
