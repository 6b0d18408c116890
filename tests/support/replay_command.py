"""`muniment replay` as a process, on topics under a prefix and in small batches. Not a test.

Arguments: topic prefix, what it comes upon (`loading`, or `indexing`: an index that takes for ever), then the words of
the command. Writes the phase to stdout once that is reached, and is there until stdin is closed: who started it sends
the signal before that.
"""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from muniment.infra import folding, replaying
from muniment.infra.cli import replay as command
from muniment.infra.cli.main import run as muniment
from muniment.projections import live
from muniment.projections.replaying import load
from muniment.projections.replaying.replay import Progress

SOME = 60
"""Records after which it is at work."""


def told(phase: str) -> None:
    """Tell whoever started this, and wait until the signal was sent."""
    sys.stdout.write(f"{phase}\n")
    sys.stdout.flush()
    sys.stdin.read()


@contextmanager
def watched(inner: Any, name: str) -> Iterator[Callable[[Progress], None]]:
    """The bar, and a word when enough is loaded."""
    said = []
    with inner(name) as show:

        def seen(progress: Progress) -> None:
            show(progress)
            if not said and progress.phase == "loading" and progress.done >= SOME:
                said.append(1)
                told("loading")

        yield seen


async def without_end(*_: Any) -> None:
    """An index that is never ready."""
    told("indexing")
    await asyncio.sleep(60)


def run(prefix: str, upon: str, words: list[str]) -> None:
    """The command, as it is but for that."""
    load.BATCH = 20
    inner, config = command.progress, folding.projections_config
    replaying.projections_config = lambda settings: replace(config(settings), topic_prefix=prefix)
    if upon == "loading":
        command.progress = lambda name: watched(inner, name)
    elif upon == "indexing":
        live.index, command.GRACE_S = without_end, 0.5
    sys.argv = ["muniment", *words]
    muniment()


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2], sys.argv[3:])
