"""What looks at the read models all the time must not take down what folds them."""

import asyncio
import logging
from typing import Any

import pytest

from muniment.projections.config import ProjectionsConfig
from muniment.projections.registry import PROJECTIONS
from muniment.projections.status import Status
from muniment.projections.verifying.reconciler import Reconciler


class Broken(Reconciler):
    """Its every look fails in a way that nobody foresaw."""

    def _work(self, name: str) -> Any:
        if name == tuple(PROJECTIONS)[-1]:
            self.stop.set()
        raise ZeroDivisionError


async def test_a_fault_in_looking_is_told_and_the_next_read_model_is_looked_at(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Every read model has its turn, each fault is in the log with its trace, and nothing is raised."""
    config = ProjectionsConfig("127.0.0.1:1", "postgresql://127.0.0.1:1/none", 8)
    made = Broken(config, None, lambda _: (), Status(), asyncio.Event(), every_s=0.0)  # type: ignore[arg-type]
    with caplog.at_level(logging.ERROR):
        await asyncio.wait_for(made.run(), 60)
    told = [record for record in caplog.records if record.exc_info]
    assert len(told) == len(PROJECTIONS)
