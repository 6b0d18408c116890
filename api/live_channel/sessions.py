"""The sessions of this process: how many there may be, which have lost their connection, and their end."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Protocol, Self

from muniment.api.live_channel.pace import Pace
from muniment.api.live_channel.session import Owner, Session
from muniment.api.problems.problem import Problem
from muniment.api.settings import ApiSettings
from muniment.schemas.metrics import LIVE_CONNECTIONS, LIVE_RESUMES

RESUMABLE_S = 60.0
"""How long a session without a connection is kept."""
HEARTBEAT_S = 15.0
"""How often the server asks who is connected (ping), and how long it waits for the answer; set where it is served."""
LOST = 10_000
"""Such sessions at most; beyond, those that were lost first are forgotten."""
LOOK_S = 5.0


class Connected(Protocol):
    """A connection, as far as the end of the process concerns it."""

    def leave(self) -> None:
        """Tell the client to come back elsewhere, and close."""
        ...

    def superseded(self) -> None:
        """Its client has another connection by now: close, for the session is not its any more."""
        ...


class Sessions:
    """An async context manager: while it runs, sessions that nobody comes back to are forgotten in time."""

    def __init__(self, settings: ApiSettings, clock: Callable[[], float] = monotonic) -> None:
        self.pace = Pace(settings.live_messages_per_second)
        self._settings = settings
        self._clock = clock
        self._open: dict[Session, Connected] = {}
        self._by_key: Counter[str] = Counter()
        self._lost: dict[str, Session] = {}
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Start forgetting."""
        self._task = asyncio.create_task(self._forget_on(), name="live-sessions")
        return self

    async def __aexit__(self, *_: object) -> None:
        """End everything."""
        self.close()
        for session in (*self._open, *self._lost.values()):
            session.end()
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def close(self) -> None:
        """Have every connection leave; open no more."""
        self._closing = True
        for connection in tuple(self._open.values()):
            connection.leave()

    def admit(self, who: Owner) -> None:
        """Let one more connection in.

        Raises:
            Problem: `too_many_connections` of this key or in this process, `not_ready` when the process is stopping.

        """
        if self._closing:
            raise Problem("not_ready", "This instance is stopping; another one will answer.")
        if self._by_key[who.key_id] >= self._settings.live_per_key:
            raise Problem(
                "too_many_connections", f"The key has {self._settings.live_per_key} connections open already."
            )
        if len(self._open) >= self._settings.live_max:
            raise Problem("too_many_connections", "This instance has as many connections open as it may.")

    def open(self, who: Owner, connection: Connected) -> Session:
        """A new session for a connection that was let in."""
        session = Session(secrets.token_urlsafe(16), who)
        self._enter(session, connection)
        return session

    def resume(self, session_id: str, last_seq: int, who: Owner, fresh: Session) -> Session | None:
        """Give a connection the session that it had before, in place of its fresh one; `None` when that is gone.

        Gone are sessions of other instances, those that were lost too long ago, and those of which the client lacks
        more than is kept. One that is still connected is taken over: its old connection is of the same client.
        """
        found = self._lost.get(session_id) or next((one for one in self._open if one.id == session_id), None)
        if found is None or found is fresh or found.who != who:
            LIVE_RESUMES.labels("resync").inc()
            return None
        if found in self._open:
            before = self._open[found]
            self.lose(found, before)
            before.superseded()
        connection = self._open[fresh]
        del self._lost[session_id]
        if not found.resume(last_seq):
            found.end()
            LIVE_RESUMES.labels("resync").inc()
            return None
        self._leave(fresh)
        # Nobody reads it from here on: its answers would wait for room for ever, each with its model's stream open.
        fresh.end()
        self._enter(found, connection)
        LIVE_RESUMES.labels("resumed").inc()
        return found

    def lose(self, session: Session, connection: Connected) -> None:
        """The connection of a session is gone, if that is still its connection."""
        if self._open.get(session) is not connection:
            return
        self._leave(session)
        session.lose()
        self._lost[session.id] = session
        if len(self._lost) > LOST:
            self._lost.pop(next(iter(self._lost))).end()

    def _enter(self, session: Session, connection: Connected) -> None:
        self._open[session] = connection
        self._by_key[session.who.key_id] += 1
        LIVE_CONNECTIONS.set(len(self._open))

    def _leave(self, session: Session) -> None:
        del self._open[session]
        key_id = session.who.key_id
        self._by_key[key_id] -= 1
        if not self._by_key[key_id]:
            del self._by_key[key_id]
        LIVE_CONNECTIONS.set(len(self._open))

    async def _forget_on(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            self.forget()

    def forget(self) -> None:
        """Forget the sessions that were lost too long ago."""
        for session_id, session in list(self._lost.items()):
            if session.lost_at is not None and self._clock() - session.lost_at > RESUMABLE_S:
                del self._lost[session_id]
                session.end()
