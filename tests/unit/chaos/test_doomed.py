"""Chosen points: they are where the product is, and end a process at the right time only."""

import inspect
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from chaos.doomed import TARGETS, Doom, found, hurry
from chaos.plan import CHOSEN, TIERS_S

from muniment.schemas.topics import RETRY_DELAYS_S
from muniment.stream_apps.retrying.policy import Limits

DOOMED = Path(__file__).parents[2] / "chaos" / "doomed.py"
PROGRAM = """
import asyncio, sys
sys.path.insert(0, {folder!r})
from doomed import Doom, install
import product
install(Doom(__import__("pathlib").Path({file!r})), (("product", "Store.save", "before", "after"),))
for n in range(5):
    asyncio.run(product.Store().save(product.Record("topic." + str(n % 2))))
    print(n, flush=True)
"""
PRODUCT = """
from dataclasses import dataclass
@dataclass
class Record:
    topic: str
class Store:
    async def save(self, record):
        print("saved", flush=True)
"""


@pytest.mark.parametrize("part", TARGETS)
def test_every_target_is_an_async_function_of_the_product(part: str) -> None:
    """A point that was renamed away would be one that nobody ever comes to."""
    for target in TARGETS[part]:
        holder, name = found(target)
        assert inspect.iscoroutinefunction(getattr(holder, name)), target


@pytest.mark.parametrize("part", CHOSEN)
def test_every_point_of_a_plan_is_one_of_its_process(part: str) -> None:
    """A plan arms nothing that does not exist."""
    points = {point for target in TARGETS[part] for point in target[2:]}
    assert {point.name for point in CHOSEN[part]} <= points


def run(tmp_path: Path, armed: dict[str, object] | None) -> "subprocess.CompletedProcess[str]":
    (tmp_path / "product.py").write_text(PRODUCT)
    file = tmp_path / "workers.json"
    if armed:
        file.write_text(json.dumps(armed))
    program = PROGRAM.format(folder=str(DOOMED.parent), file=str(file))
    return subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)


def test_a_process_ends_itself_at_the_nth_time_after_its_work(tmp_path: Path) -> None:
    """After: the third is saved, and nothing after it is printed."""
    done = run(tmp_path, {"name": "after", "topic": "", "nth": 3})
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.split() == ["saved", "0", "saved", "1", "saved"]
    assert (tmp_path / "workers.fired").exists()
    assert not (tmp_path / "workers.json").exists(), "its successor would die there too"


def test_a_process_ends_itself_before_its_work_for_a_topic(tmp_path: Path) -> None:
    """Before: the second record of that topic is not saved."""
    done = run(tmp_path, {"name": "before", "topic": "topic.1", "nth": 2})
    assert done.stdout.split() == ["saved", "0", "saved", "1", "saved", "2"]


def test_a_process_that_is_not_armed_lives(tmp_path: Path) -> None:
    """Nothing happens by accident."""
    assert run(tmp_path, None).returncode == 0
    assert run(tmp_path, {"name": "elsewhere", "topic": "", "nth": 1}).returncode == 0


def test_a_file_that_goes_away_is_no_doom(tmp_path: Path) -> None:
    """Disarmed is as if it had never been armed."""
    Doom(tmp_path / "none.json").at("before", "")


def test_tiers_can_be_hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that nobody gives delays get the short ones; the names of the tiers stay."""
    monkeypatch.setattr(Limits.__init__, "__defaults__", Limits.__init__.__defaults__)
    assert Limits().delays_s == RETRY_DELAYS_S
    hurry(list(TIERS_S))
    assert Limits().delays_s == Limits(jitter=0.2).delays_s == TIERS_S
