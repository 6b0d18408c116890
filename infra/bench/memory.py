"""How much memory our processes hold: the resident set of each part's process tree, in MiB."""

from pathlib import Path

import psutil

from muniment.infra.stack.control import Control
from muniment.infra.stack.parts import OWN
from muniment.infra.stack.supervisord import Places

MIB = 1024 * 1024


def resident(home: Path) -> dict[str, float]:
    """By part: workers with their children, projections, API."""
    return {s.name: _tree(s.pid) / MIB for s in Control(Places(home).socket).states() if s.name in OWN and s.running}


def _tree(pid: int) -> int:
    process = psutil.Process(pid)
    total = 0
    for one in (process, *process.children(recursive=True)):
        try:
            total += one.memory_info().rss
        except psutil.NoSuchProcess:
            # A child that ended meanwhile holds nothing.
            continue
    return total
