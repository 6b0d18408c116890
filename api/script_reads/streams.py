"""The count of those who look on while drafts are written; see `live.hub.Hub` for the like of jobs."""

from collections import Counter
from typing import Any

from muniment.api.live.hub import RETRY_AFTER_S
from muniment.api.problems.problem import Problem
from muniment.api.script_reads.following import Following
from muniment.api.settings import ApiSettings
from muniment.producers.draft_pieces import DraftMemory
from muniment.schemas.metrics import SSE_CONNECTIONS_OPEN

CONCERNED = "scripts"
"""The read model whose moves say that drafts may have ended."""


class DraftStreams:
    """The open streams of a process."""

    def __init__(self, memory: DraftMemory, settings: ApiSettings) -> None:
        self.memory = memory
        self._settings = settings
        self._open: dict[Following, str] = {}
        self._by_key: Counter[str] = Counter()
        self._closing = False

    def moved(self, projection: str) -> None:
        """A read model has moved: drafts may have ended."""
        if projection == CONCERNED:
            self.memory.wake_all()

    def open(self, following: Following, key_id: str) -> Following:
        """Count one more.

        Raises:
            Problem: `too_many_streams` for this key or this process, `not_ready` when the process is stopping.

        """
        if self._closing:
            raise Problem("not_ready", "This instance is stopping; another one will answer.")
        mine = self._by_key[key_id] >= self._settings.streams_per_key
        if mine or len(self._open) >= self._settings.streams_max:
            whose = "The key has" if mine else "This instance has"
            detail = f"{whose} as many streams open as it may."
            raise Problem("too_many_streams", detail, headers={"Retry-After": str(RETRY_AFTER_S)})
        self._open[following] = key_id
        self._by_key[key_id] += 1
        SSE_CONNECTIONS_OPEN.inc()
        return following

    def release(self, stream: Any) -> None:
        """Forget one whose connection has ended."""
        key_id = self._open.pop(stream, None)
        if key_id is not None:
            self._by_key[key_id] -= 1
            SSE_CONNECTIONS_OPEN.dec()

    def close(self) -> None:
        """End all, each with a hint to come back; open no more."""
        self._closing = True
        for following in tuple(self._open):
            following.end("shutting_down")
