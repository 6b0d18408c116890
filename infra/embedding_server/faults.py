"""How the stand-in endpoint misbehaves: a script for the next calls, and a weather for all of them."""

import random
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from muniment.infra.embedding_server.protocol import BadRequest

FAULT_KINDS = ("status", "hang", "not_a_number", "too_few")
DATE = "date:"


@dataclass
class Fault:
    """One misbehaviour, for `times` calls of a script.

    `retry_after` is sent as it is; `date:3` is sent as the HTTP date in three seconds, never earlier.
    """

    kind: str
    times: int = 1
    status: int = 500
    retry_after: str | None = None
    seconds: float = 3600.0

    def error(self, now: datetime) -> BadRequest:
        """The answer of a fault of kind `status`."""
        scripted = BadRequest(self.status, "A scripted fault.", code="scripted_fault")
        if self.retry_after is not None:
            scripted.headers["Retry-After"] = _asked(self.retry_after, now)
        return scripted

    def spoil(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """The vectors as a fault of another kind answers them."""
        if self.kind == "too_few":
            return vectors[:-1]
        if self.kind == "not_a_number":
            vectors[0, 0] = np.nan
        return vectors


@dataclass
class Refusing:
    """Words that the endpoint takes no text with, for as long as `file` names them; over kills of its process, too."""

    file: Path | None = None

    def check(self, texts: Iterable[str]) -> None:
        """Raises `BadRequest`, which names no word, when one of the texts has one of them."""
        if self.file is None or not self.file.exists():
            return
        words = self.file.read_text().split()
        if any(word in text for text in texts for word in words):
            raise BadRequest(400, "A text is not acceptable.", code="content_rejected")


@dataclass
class Faults:
    """What is scripted, used up in order; past that, what the weather draws for each call."""

    script: deque[Fault] = field(default_factory=deque)
    weather: tuple[tuple[float, Fault], ...] = ()
    draw: random.Random = field(default_factory=random.Random)

    def next(self) -> Fault | None:
        """The fault of the call that has just come, if any."""
        if self.script:
            fault = self.script[0]
            fault.times -= 1
            if fault.times <= 0:
                self.script.popleft()
            return fault
        drawn = self.draw.random()
        for share, fault in self.weather:
            drawn -= share
            if drawn < 0:
                return fault
        return None

    def forecast(self, body: bytes) -> None:
        """Set the weather from a request; raises `BadRequest` for one that makes no sense."""
        given = _object(body)
        try:
            self.weather = tuple((float(share), _fault(one)) for share, one in given["faults"])
            self.draw = random.Random(given.get("seed"))  # noqa: S311 - to be repeated, not to be secret
        except (KeyError, TypeError, ValueError) as cause:
            raise _wrong('The weather is {"faults": [[share, {"kind": …}]]}.') from cause


def read_faults(body: bytes) -> list[Fault]:
    """The faults of a request; raises `BadRequest` for those that do not exist."""
    given = _object(body)
    try:
        return [_fault(one) for one in given["faults"]]
    except (KeyError, TypeError) as cause:
        raise _wrong('Faults are {"faults": [{"kind": …}]}.') from cause


def _fault(given: Any) -> Fault:
    fault = Fault(**given)
    if fault.kind not in FAULT_KINDS:
        raise BadRequest(400, f"'kind' is one of {', '.join(FAULT_KINDS)}.", code="invalid_value", param="kind")
    return fault


def _object(body: bytes) -> dict[str, Any]:
    try:
        given: Any = orjson.loads(body)
    except orjson.JSONDecodeError as cause:
        raise _wrong("The body is not valid JSON.") from cause
    if not isinstance(given, dict):
        raise _wrong("An object is wanted.")
    return given


def _wrong(what: str) -> BadRequest:
    return BadRequest(400, what, code="invalid_value")


def _asked(retry_after: str, now: datetime) -> str:
    if not retry_after.startswith(DATE):
        return retry_after
    # The date has whole seconds: cut, it would ask for less than was meant.
    moment = now.astimezone(UTC) + timedelta(seconds=float(retry_after.removeprefix(DATE)))
    return format_datetime(datetime.fromtimestamp(ceil(moment.timestamp()), UTC), usegmt=True)
