"""An eraser with nothing behind it but what a test gives it."""

from typing import Any

from muniment.stream_apps.erasing.eraser import Eraser

_NOTHING: Any = None


def bare_eraser(**given: Any) -> Eraser:
    """It has no stores, and touches of the rest only what its test has it do."""
    names = ("key_ring", "subjects", "ends", "behind", "signer", "now")
    parts = dict.fromkeys(names, _NOTHING) | {"stores": ()} | given
    return Eraser(_NOTHING, parts.pop("publisher", _NOTHING), parts.pop("store", _NOTHING), **parts)
