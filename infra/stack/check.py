"""The outcome of one look of `muniment doctor`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """How a part is. `remedy` is a command or a sentence, for when it is not `ok`."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""
