"""A process of ours that ends itself with SIGKILL at a chosen point: the ordinary entry point, wrapped from outside.

`python doomed.py FOLDER run workers`. While `FOLDER/workers.json` names a point, the process counts how often it comes
there and ends at the nth time; the file is renamed first, so that its successor lives. Nothing of this is in the
product: the points are its own functions, patched here. The delays of the retry tiers are `FOLDER/tiers.json`.
"""

import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any

Target = tuple[str, str, str, str]
"""Module, function in it, the point before it and the point after it; no point is an empty name."""

PUBLISHER: Target = ("muniment.producers.kafka", "KafkaPublisher.send", "before_publish", "published")
COMMIT: Target = ("aiokafka", "AIOKafkaConsumer.commit", "before_commit", "committed")
DECIDING = "muniment.stream_apps.deciding.store"
TARGETS: dict[str, tuple[Target, ...]] = {
    "workers": (
        PUBLISHER,
        COMMIT,
        (DECIDING, "DecidingStore.once", "", "decided"),
        (DECIDING, "DecidingStore.sent", "outbox_full", "outbox_emptied"),
        ("muniment.producers.embedding.openai", "OpenAIEmbedder.embed", "", "paid"),
        ("muniment.stream_apps.indexing.store", "IndexingStore.add_batch", "", "counted"),
    ),
    "projections": (
        COMMIT,
        ("muniment.projections.checkpoint", "advance", "", "folding"),
        ("muniment.projections.runner", "fold", "", "folded"),
    ),
    "api": (PUBLISHER, ("muniment.producers.claims", "Claims.put", "", "stored")),
}


class Doom:
    """Whether the end has come."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._passed = 0
        self._for = ""

    def at(self, point: str, topic: str) -> None:
        """Come by a point; if it is the one that is armed, and often enough now, this does not return."""
        try:
            text = self._file.read_text()
        except FileNotFoundError:
            return
        if text != self._for:
            self._for, self._passed = text, 0
        armed = json.loads(text)
        if armed["name"] != point or not topic.startswith(armed["topic"]):
            return
        self._passed += 1
        if self._passed >= armed["nth"]:
            self._file.rename(self._file.with_suffix(".fired"))
            os.kill(os.getpid(), signal.SIGKILL)


def found(target: Target) -> tuple[Any, str]:
    """The object and the attribute that hold a target's function."""
    holder: Any = import_module(target[0])
    *owners, name = target[1].split(".")
    for owner in owners:
        holder = getattr(holder, owner)
    return holder, name


def install(doom: Doom, targets: tuple[Target, ...]) -> None:
    """Put the points round the functions."""
    for target in targets:
        holder, name = found(target)
        setattr(holder, name, _doomed(getattr(holder, name), doom, *target[2:]))


def _doomed(function: Callable[..., Awaitable[Any]], doom: Doom, before: str, after: str) -> Callable[..., Any]:
    @wraps(function)
    async def wrapped(*args: Any, **named: Any) -> Any:
        topic = next((text for one in args if isinstance(text := getattr(one, "topic", None), str)), "")
        if before:
            doom.at(before, topic)
        result = await function(*args, **named)
        if after:
            doom.at(after, topic)
        return result

    return wrapped


def hurry(delays_s: list[float]) -> None:
    """Give the retry tiers other delays than their names say, wherever nobody gives them any."""
    limits = import_module("muniment.stream_apps.retrying.policy").Limits
    limits.__init__.__defaults__ = (tuple(delays_s), *limits.__init__.__defaults__[1:])


def main() -> None:
    """Install the points of this part, then be the ordinary command."""
    folder, words = Path(sys.argv[1]), sys.argv[2:]
    part = words[-1]
    install(Doom(folder / f"{part}.json"), TARGETS[part])
    tiers = folder / "tiers.json"
    if part != "projections" and tiers.exists():
        hurry(json.loads(tiers.read_text()))
    sys.argv = ["muniment", *words]
    import_module("muniment.infra.cli.main").run()


if __name__ == "__main__":
    main()
