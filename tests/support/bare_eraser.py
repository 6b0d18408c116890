"""An eraser with nothing behind it but what a test gives it."""

from typing import Any

from muniment.stream_apps.erasing.eraser import Eraser

_NOTHING: Any = None


def bare_eraser(*, store: Any = _NOTHING, now: Any = _NOTHING, retention: Any = _NOTHING) -> Eraser:
    """It has no stores, and touches of the rest only what its test has it do."""
    return Eraser(
        _NOTHING,
        _NOTHING,
        store,
        key_ring=_NOTHING,
        subjects=_NOTHING,
        stores=(),
        ends=_NOTHING,
        behind=_NOTHING,
        signer=_NOTHING,
        now=now,
        retention=retention,
    )
