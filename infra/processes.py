"""The processes of ours that a stack runs, each a coroutine that ends on SIGTERM or SIGINT."""

from collections.abc import Callable, Coroutine
from importlib import import_module
from typing import Any

from muniment.infra.settings import Settings

PROCESSES = {"workers": "working", "projections": "folding", "api": "http_api"}
"""By the name that `muniment run` takes: the module of this folder that has a function of that name."""


def process(name: str) -> Callable[[Settings], Coroutine[Any, Any, None]]:
    """What runs one of `PROCESSES`. It loads nothing of the others: that took a second of every start."""
    found: Callable[[Settings], Coroutine[Any, Any, None]] = getattr(
        import_module(f"muniment.infra.{PROCESSES[name]}"), name
    )
    return found
