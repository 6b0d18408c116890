"""One WebSocket: what comes in is done, what is to go out goes out, and its end.

An idle connection costs one task, the server's own. What is sent is written by a second one that lives as long as there
is something to write.
"""

import asyncio
from contextlib import suppress
from time import monotonic

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from muniment.api.channels.admitting import Credentials, known
from muniment.api.channels.doing import Doing
from muniment.api.channels.entering import Caller
from muniment.api.dependencies import Dependencies
from muniment.api.live_channel.messages import Auth, Cancel, Ping, Query, Resume, Typing, parse
from muniment.api.live_channel.session import Owner, Session
from muniment.api.live_channel.sessions import HEARTBEAT_S, RESUMABLE_S, Sessions
from muniment.api.live_channel.told import Hello, Pong, Reconnect, Refusal, Resumed, Resync, problem_told
from muniment.api.problems.problem import Problem, from_muniment
from muniment.schemas.errors import MunimentError
from muniment.schemas.metrics import LIVE_MESSAGES

LOG = structlog.get_logger(__name__)
AUTH_S = 10.0
"""How long a caller who has shown nothing yet may take to do so."""
STALLED_S = 20.0
"""A reader who takes in nothing for so long is given up."""
CLOSING_S = 1.0
FAULTS = 50
"""Messages in a row that were refused, after which the connection is closed."""
POLICY, TOO_LARGE, RESTART, TRY_LATER, FAILED = 1008, 1009, 1012, 1013, 1011
"""Close codes (RFC 6455, 7.4.1, and the IANA registry)."""
RECONNECT_MS = 1000


class Connection:
    """See the module."""

    def __init__(self, deps: Dependencies, sessions: Sessions, websocket: WebSocket) -> None:
        self._deps = deps
        self._sessions = sessions
        self._websocket = websocket
        self._session: Session | None = None
        self._doing: Doing | None = None
        self._credentials = Credentials()
        self._writing: asyncio.Task[None] | None = None
        self._ending: tuple[int, str] | None = None
        self._task = asyncio.current_task()
        self._faults = 0
        self._over = False

    async def run(self, credentials: Credentials | None) -> None:
        """Serve an accepted connection until it ends; without credentials, the first message has to bring them."""
        try:
            await self._begin(credentials)
            while self._ending is None:
                await self._take(await self._websocket.receive_text())
        except WebSocketDisconnect:
            pass
        except KeyError:
            self._ending = (POLICY, "invalid_request")  # bytes, where there is only text
        except Problem as problem:
            self._ending = (POLICY, problem.code)
            await self._told(problem)
        except MunimentError as error:
            self._ending = (TRY_LATER, from_muniment(error).code)
        except asyncio.CancelledError:
            # Our own end of it; anybody else's is passed on.
            if self._ending is None:
                raise
        finally:
            await self._end()

    def leave(self) -> None:
        """See `Connected.leave`."""
        if self._session is not None:
            self._session.tell(Reconnect(reason="shutting_down", after_ms=RECONNECT_MS))
        self._stop(RESTART, "shutting_down")

    def superseded(self) -> None:
        """See `Connected.superseded`."""
        self._session = None
        self._stop(POLICY, "superseded")

    async def _begin(self, credentials: Credentials | None) -> None:
        if credentials is None:
            try:
                async with asyncio.timeout(AUTH_S):
                    first = parse(await self._websocket.receive_text())
            except TimeoutError:
                raise Problem("unauthorized", "Nothing came that says who is asking.") from None
            if not isinstance(first, Auth):
                raise Problem("unauthorized", "The first message has to say who is asking (`auth`).")
            credentials = Credentials(first.token)
        self._credentials = credentials
        principal = await known(self._deps, self._websocket, credentials)
        owner = Owner(principal.tenant, principal.actor, principal.key_id)
        self._sessions.admit(owner)
        self._session = self._sessions.open(owner, self)
        self._session.on_ready = self._write
        client = self._websocket.client
        caller = Caller(principal, client.host if client else "", self._websocket.headers.get("user-agent", ""))
        self._doing = Doing(self._deps, caller)
        greeting = Hello(
            session=self._session.id,
            resumable_s=RESUMABLE_S,
            heartbeat_s=HEARTBEAT_S,
            messages_per_second=self._deps.settings.live_messages_per_second,
        )
        self._session.tell(greeting)

    async def _take(self, text: str) -> None:
        assert self._session is not None, "begun"
        assert self._doing is not None, "begun"
        try:
            message = parse(text)
            LIVE_MESSAGES.labels(message.type).inc()
            await self._may(self._session, message)
            self._do(message)
            self._faults = 0
        except Problem as problem:
            self._faults += 1
            if problem.code in {"unauthorized", "forbidden"} or self._faults >= FAULTS:
                raise
            await self._told(problem)
        if self._session is not None and self._session.hopeless:
            self._stop(TRY_LATER, "too_slow")

    def _do(self, message: Auth | Typing | Query | Cancel | Resume | Ping) -> None:
        session, doing = self._session, self._doing
        assert session is not None, "begun"
        assert doing is not None, "begun"
        if isinstance(message, Typing):
            doing.typing(session, message)
        elif isinstance(message, Query):
            doing.query(session, message)
        elif isinstance(message, Cancel):
            doing.cancel(session, message)
        elif isinstance(message, Resume):
            self._resume(session, message)
        elif isinstance(message, Ping):
            session.tell(Pong())
        else:
            raise Problem("invalid_request", "Who is asking is known already.")

    def _resume(self, session: Session, message: Resume) -> None:
        found = self._sessions.resume(message.session, message.last_seq, session.who, session)
        if found is None:
            session.tell(Resync(session=session.id, reason="not_here"))
            return
        self._session = found
        found.on_ready = self._write
        found.tell(Resumed(session=found.id, seq=found.seq, answers=sorted(found.answers)))
        self._write()

    async def _may(self, session: Session, message: Auth | Typing | Query | Cancel | Resume | Ping) -> None:
        """Raise `Problem` unless the key may send one more message, and is still worth anything."""
        if not self._sessions.pace.take(session.who.key_id):
            raise Problem("too_fast", "The key sends more messages a second than it may.")
        somebody = isinstance(message, Typing | Query | Cancel)
        await known(self._deps, self._websocket, self._credentials, used=somebody)

    async def _told(self, problem: Problem) -> None:
        told = Refusal(problem=problem_told(problem))
        if self._session is not None:
            self._session.tell(told)
        else:
            with suppress(Exception):
                await self._websocket.send_text(told.written())

    def _write(self) -> None:
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())

    async def _write_all(self) -> None:
        """Send what waits. A reader who takes in nothing is given up, which ends the connection's own task."""
        began = monotonic()
        try:
            while self._session is not None and (text := self._session.next()) is not None:
                began = monotonic()
                async with asyncio.timeout(STALLED_S):
                    await self._websocket.send_text(text)
        except TimeoutError:
            LOG.info("live.stalled", seconds=round(monotonic() - began, 1))
            self._stop(TRY_LATER, "too_slow")
        except (WebSocketDisconnect, RuntimeError, OSError):
            # The reader has left: whoever receives hears of it, too.
            pass

    def _stop(self, code: int, reason: str) -> None:
        """End the connection from here; whatever its own task waits for, it waits no more."""
        if self._ending is None and not self._over:
            self._ending = (code, reason)
            if self._task is not None:
                self._task.cancel()

    async def _end(self) -> None:
        self._over = True
        session, self._session = self._session, None
        if self._doing is not None:
            self._doing.end()
        await self._last_words(session)
        if session is not None:
            self._sessions.lose(session, self)
        if self._ending is not None and self._websocket.application_state is WebSocketState.CONNECTED:
            with suppress(Exception):
                async with asyncio.timeout(CLOSING_S):
                    await self._websocket.close(*self._ending)

    async def _last_words(self, session: Session | None) -> None:
        """What waits goes out while the reader takes it in, but for a moment only."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
        if session is None or self._ending is None:
            return
        with suppress(Exception):
            async with asyncio.timeout(CLOSING_S):
                while (text := session.next()) is not None:
                    await self._websocket.send_text(text)
