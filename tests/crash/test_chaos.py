"""The short form of `make chaos`: four seeds; `test_kills` kills each kind of process by itself."""

import asyncio
import sys
from pathlib import Path

import pytest
from chaos import report
from chaos.corpus import family_of
from chaos.plan import plan_of
from chaos.running import run_seeds
from support.stack import INSTALLED

pytestmark = pytest.mark.timeout(1800)

SEEDS = (24, 2, 15, 37)
"""Two erase, while Kafka is killed; one has the outbox on; in one the steps change process, both ways; two kill the
workers while operators send dead letters back.

They are of one family, so one undisturbed run is the measure of all, and of all such four those with the fewest kills.
"""
DOCUMENTS = 36
PAID_TWICE_MOST = 0.1
"""Of so few texts, one full call that a kill cut short is three percent; `make chaos` holds many more to 0.1%."""


def test_four_short_seeds_end_as_if_nothing_had_happened(tmp_path: Path) -> None:
    """Nothing lost, doubled, out of order, early or without an end, whatever is killed while the provider fails."""
    plans = [plan_of(seed) for seed in SEEDS]
    kinds = {kill.kind for plan in plans for kill in plan.kills}
    assert kinds >= {"workers", "api", "kafka", "postgres", "projections", "endpoint", "supervisor"}
    assert kinds >= {"outbox on", "steps to the API"}
    assert len({family_of(seed) for seed in SEEDS}) == 1
    assert {name for plan in plans for name in plan.during} == {"erasure", "redrive"}
    assert any(plan.erases for plan in plans)

    def say(line: str) -> None:
        sys.stdout.write(f"{line}\n")

    verdicts = asyncio.run(run_seeds(SEEDS, INSTALLED / "chaos", tmp_path, documents=DOCUMENTS, say=say))
    figures = report.summary(verdicts)
    assert report.failed(figures, paid_twice_most=PAID_TWICE_MOST) == [], [one.breaches for one in verdicts]
    assert figures["seeds"] == len(SEEDS)
    assert figures["kills"] >= 3 * len(SEEDS)
