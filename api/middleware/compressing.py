"""Compresses large answers for those who take that, and costs a small one nothing: most reads are of one row."""

from starlette.middleware.gzip import GZipMiddleware, GZipResponder, IdentityResponder
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FROM_BYTES = 1024
_LEVEL = 5


class Compressing(GZipMiddleware):
    """Starlette's, asked only where an answer does not say that it is small."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app, minimum_size=FROM_BYTES, compresslevel=_LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self.app(scope, receive, _Answer(self, scope, send) if scope["type"] == "http" else send)

    def responder(self, scope: Scope) -> IdentityResponder:
        """What compresses for who takes that, or says that the answer depends on it (RFC 9110, 12.5.5)."""
        if any(name == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"]):
            return GZipResponder(self.app, self.minimum_size, self.compresslevel)
        return IdentityResponder(self.app, self.minimum_size)


class _Answer:
    """Lets a small answer through as it is, and hands any other to Starlette."""

    def __init__(self, compressing: Compressing, scope: Scope, send: Send) -> None:
        self._compressing = compressing
        self._scope = scope
        self._send = send
        self._on: Send | None = None

    async def __call__(self, message: Message) -> None:
        if self._on is None:
            self._on = self._send
            if not _small(message):
                responder = self._compressing.responder(self._scope)
                responder.send = self._send
                self._on = responder.send_with_compression
        await self._on(message)


def _small(start: Message) -> bool:
    for name, value in start.get("headers", ()):
        if name == b"content-length":
            return int(value) < FROM_BYTES
    return False
