"""Where the time goes: processor seconds of each part while a corpus goes through.

On a machine where both cores are busy this is what a ratio of chunks a second comes down to, and it is steadier.
"""

from collections.abc import Mapping
from pathlib import Path

import psutil

from muniment.infra.bench.figures import Figure
from muniment.infra.stack.control import Control
from muniment.infra.stack.supervisord import Places

HERE = "bench"
"""This process with its children: the client of the stack, the whole floor, and the embedding endpoint."""
PER_CHUNKS = 1000


def spent(home: Path) -> dict[str, float]:
    """Seconds so far, by part of the stack; of processes that have ended nothing is known."""
    found = {state.name: _tree(state.pid) for state in Control(Places(home).socket).states() if state.running}
    return {HERE: _tree(psutil.Process().pid), **found}


def figure(side: str, before: Mapping[str, float], after: Mapping[str, float], chunks: int) -> Figure:
    """What went into `chunks` chunks, the largest first; parts that did nothing are left out."""
    took = {name: (after[name] - before.get(name, 0.0)) * PER_CHUNKS / max(1, chunks) for name in after}
    largest = sorted(took.items(), key=lambda part: -part[1])
    note = ", ".join(f"{name} {seconds:.1f}" for name, seconds in largest if round(seconds, 1))
    return Figure(f"{side}, processor time", sum(took.values()), "s / 1,000 chunks", note=note)


def _tree(pid: int) -> float:
    process = psutil.Process(pid)
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total
