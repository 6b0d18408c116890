"""Serves an application over HTTP so that it can be restarted without a failed request.

Asked to stop, a server goes on for a moment: it answers all that comes, tells every caller to close the connection,
and says that it is not ready. Then it takes no more connections, but hears out those that it has: who kept one alive,
or made one a moment ago, may be about to ask. It ends when the last answer is out.
"""

import asyncio
import gc
import os
import resource
import select
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from muniment.api.live_channel.sessions import HEARTBEAT_S

DRAIN_S = 1.5
"""How long connections are asked to go elsewhere before the socket closes."""
RESTS_S = 5.5
"""How long nothing may have been asked on a connection before a server that leaves closes it.

A request that crosses the end of its connection is lost, and who keeps connections cannot see that in time (RFC 9112,
section 9.5). httpx, with which our callers ask, uses none again that rested for 5 s: past that nothing crosses.
"""
LINGER_S = RESTS_S - DRAIN_S
"""How long connections are held, after the socket closed, for what may still be asked on them."""
HURRIED_S = 0.5
"""The same after SIGINT: then all goes, and there is no other instance to be asked."""
KEPT_S = 75
"""How long a connection may rest otherwise: longer than callers, and proxies (nginx: 60 s), keep theirs."""
UNREAD_S = 1.0
"""How long requests that lie unread at the end are waited for."""
LONGEST_ANSWER_S = 18.0
"""How long a request that is under way may take after that; a process has to end within 30 s."""
LARGEST_MESSAGE = 64 * 1024
"""Bytes of a message from a client of a WebSocket at most: beyond, the connection ends with 1009."""
OPEN_FILES = 65_536
"""Descriptors that a server wants: thousands of connections are open at once."""
GARBAGE_AFTER = 10_000
"""How many more objects than before there are when garbage is looked for; Python's own 700 is for small programs."""
Message = MutableMapping[str, Any]
App = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]


class Draining:
    """Wraps an application: once `leaving` is set every answer closes its connection."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.leaving = asyncio.Event()

    async def __call__(
        self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        """See the class."""

        async def closing(message: Message) -> None:
            if message["type"] == "http.response.start" and self.leaving.is_set():
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        await self._app(scope, receive, closing if scope["type"] == "http" else send)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, leaving: asyncio.Event, drain_s: float) -> None:
        super().__init__(config)
        self._leaving = leaving
        self._drain_s = drain_s
        self._linger_s = LINGER_S

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """See the class of uvicorn: SIGINT is the fast stop."""
        if sig == signal.SIGINT:
            self._linger_s = HURRIED_S
        super().handle_exit(sig, frame)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Begin to leave on a signal; unlike uvicorn, do not end the process by it afterwards: it has more to close."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let callers go elsewhere first; then end what is idle, and answer what had already come."""
        self._leaving.set()
        if not self.force_exit:
            await asyncio.sleep(self._drain_s)
            for server in self.servers:
                await self._close(server)
            await self._rest()
        await super().shutdown(sockets)

    async def _close(self, server: asyncio.Server) -> None:
        """Close a listening socket, but take the connections that the kernel has already made on it.

        Closed with them in its queue it would reset them, and their callers had every reason to think that they were
        heard. The copy of the descriptor keeps the queue while the loop lets go of its own.
        """
        copies = [socket.socket(fileno=os.dup(one.fileno())) for one in server.sockets]
        server.close()
        for copy in copies:
            with copy, suppress(BlockingIOError):
                while True:
                    connection, _ = copy.accept()
                    connection.setblocking(False)
                    await asyncio.get_running_loop().connect_accepted_socket(self._protocol, connection)

    async def _rest(self) -> None:
        """Hold connections until all were told to close or have rested; then end them, with unread requests answered.

        A socket that is closed with unread bytes resets its connection instead of ending it.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        for done, limit_s in ((self._answered, self._linger_s), (self._ended, UNREAD_S)):
            until = loop.time() + limit_s
            while [one for one in tuple(self.server_state.connections) if not done(one)] and not self.force_exit:
                if loop.time() > until:
                    break
                await asyncio.sleep(0.02)
        self.config.timeout_graceful_shutdown = max(1, round(LONGEST_ANSWER_S - (loop.time() - began)))

    def _answered(self, connection: Any) -> bool:
        """Whether nobody will ask on it any more: it is closing, will close with its answer, or rested for long."""
        if not isinstance(connection, HttpToolsProtocol):
            return self._ended(connection)
        if connection.transport.is_closing():
            return True
        if connection.cycle is not None and not connection.cycle.response_complete:
            # An answer that began before the end did has told its caller to keep the connection.
            return not (connection.cycle.response_started and connection.cycle.keep_alive)
        clock = connection.timeout_keep_alive_task
        # None: nothing was asked on it yet, or the head of a request came in part.
        return clock is not None and asyncio.get_running_loop().time() > clock.when() - KEPT_S + RESTS_S

    def _ended(self, connection: Any) -> bool:
        sock = connection.transport.get_extra_info("socket")
        if connection.transport.is_closing() or sock is None or sock.fileno() < 0:
            return True
        waiting = select.poll()
        waiting.register(sock.fileno(), select.POLLIN)
        if waiting.poll(0):
            return False
        connection.shutdown()
        return True

    def _protocol(self) -> asyncio.Protocol:
        """As uvicorn makes them in `startup`, which keeps its own to itself."""
        kind: Any = self.config.http_protocol_class
        made: asyncio.Protocol = kind(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state, _loop=None
        )
        return made


def raise_open_files(wanted: int = OPEN_FILES) -> int:
    """Allow this process more open files, as far as the system lets it; how many it may have now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def settle() -> None:
    """Leave all that is there by now out of every look for garbage, and look less often; for a process that serves.

    Half a million objects of code and models stay as long as the process; to go through them again and again took a
    tenth of the time of a read. `gc.freeze` is what Python has for that; most garbage is freed by its counts anyway.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER)


def behind(app: App, proxies: Sequence[str]) -> App:
    """An application that is told who asked by the proxies (addresses, networks) before it; by nobody without any.

    Of a request from one of them, the last hop in `X-Forwarded-For` that is none of them is who asked: each proxy adds
    whom it heard itself, and what stands before that anybody may have written. `X-Forwarded-Proto` says how.
    """
    if not proxies:
        return app
    wrapped: Any = app
    return ProxyHeadersMiddleware(wrapped, list(proxies))  # type: ignore[return-value]


async def serve(
    app: Any, host: str, port: int, *, drain_s: float = DRAIN_S, trusted_proxies: Sequence[str] = ()
) -> None:
    """Serve until SIGTERM or SIGINT; then no request that was begun goes without its answer.

    `app.state.leaving` is an event that is set when the end has begun: streams without an end have to heed it.
    """
    draining = Draining(app)
    app.state.leaving = draining.leaving
    config = uvicorn.Config(
        behind(draining, trusted_proxies),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        timeout_keep_alive=KEPT_S,
        timeout_graceful_shutdown=round(LONGEST_ANSWER_S),
        lifespan="on",
        # Its own way trusts this machine, and whom a variable of its own names.
        proxy_headers=False,
        http="httptools",
        # On websockets' sans-IO core: a connection has timers, but no task of its own for keeping it alive.
        ws="websockets-sansio",
        ws_max_size=LARGEST_MESSAGE,
        ws_ping_interval=HEARTBEAT_S,
        ws_ping_timeout=HEARTBEAT_S,
        # Compressing would cost a connection more memory than everything else of it, and messages are small.
        ws_per_message_deflate=False,
    )
    raise_open_files()
    await _Server(config, draining.leaving, drain_s).serve()
