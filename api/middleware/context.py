"""The outermost middleware: ids, log context, security headers, metrics, and the answer to what nobody caught.

Pure ASGI: Starlette's `BaseHTTPMiddleware` runs the app in a task of its own and would break streamed uploads.
"""

from functools import lru_cache
from time import perf_counter
from typing import Any

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from muniment.api.middleware.trace import RequestIds, request_ids
from muniment.api.problems.problem import internal_error, problem_response, told
from muniment.schemas.metrics import HTTP_DURATION, HTTP_REQUESTS

LOG = structlog.get_logger(__name__)
QUIET = ("/health", "/metrics")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
ONLY_HTTPS = "max-age=31536000"
"""What `Strict-Transport-Security` says (RFC 6797) where a request came by https: a year by that alone (seconds)."""
_IDS = (b"x-request-id", b"traceparent")
_ALWAYS = [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
_HTTPS = (b"strict-transport-security", ONLY_HTTPS.encode())


class RequestContext:
    """Wraps the whole app; see the module."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        ids = request_ids(given(scope, b"x-request-id"), given(scope, b"traceparent"))
        answer = _Answer(send, scope, ids)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=ids.request_id, trace_id=ids.trace_id)
        scope.setdefault("state", {})["traceparent"] = ids.traceparent
        started = perf_counter()
        try:
            await self._app(scope, receive, answer)
        except ClientDisconnect:
            # Nobody is there to be answered; what the request had spooled is gone with it.
            LOG.info("http.client_left")
        except Exception:
            LOG.exception("http.unhandled")
            if answer.status:
                raise  # half an answer is out: only closing the connection tells the caller so
            await (await _told(scope))(scope, receive, answer)
        finally:
            _record(scope, answer.status or 499, perf_counter() - started, live=answer.live)
            structlog.contextvars.clear_contextvars()


async def _told(scope: Scope) -> Response:
    try:
        return await told(Request(scope), internal_error())
    except Exception:
        LOG.exception("http.untold")
        return problem_response(internal_error())


class _Answer:
    """Adds the headers that every answer carries, and remembers the status."""

    def __init__(self, send: Send, scope: Scope, ids: RequestIds) -> None:
        self._send = send
        self._scope = scope
        self._ids = ids
        self.status = 0
        self.live = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            # As bytes, and each header looked at once: a dozen calls of Starlette's would be a tenth of a read.
            headers = [one for one in message.get("headers", ()) if one[0] not in _IDS]
            there = dict(headers)
            self.live = there.get(b"content-type", b"").startswith(b"text/event-stream")
            headers.append((b"x-request-id", self._ids.request_id.encode()))
            headers.append((b"traceparent", self._ids.traceparent.encode()))
            headers += [one for one in _ALWAYS if one[0] not in there]
            if self._scope.get("scheme") == "https" and _HTTPS[0] not in there:
                headers.append(_HTTPS)
            message["headers"] = headers
        await self._send(message)


def route_of(scope: Scope) -> str:
    """The template of the route that served the request: an id in a label would make a series a document."""
    route: Any = scope.get("route")
    return getattr(route, "path", None) or "unmatched"


def given(scope: Scope, name: bytes) -> str:
    """A header of the request, by its name in lower case; empty when there is none. The first, if there are several."""
    for found, value in scope["headers"]:
        if found == name:
            text: str = value.decode("latin-1")
            return text
    return ""


@lru_cache(maxsize=4096)
def _counters(method: str, route: str, status: int) -> tuple[Any, Any]:
    """What counts requests, and what measures them: finding a series by its labels costs as much as counting."""
    return HTTP_REQUESTS.labels(method, route, str(status)), HTTP_DURATION.labels(method, route)


def _record(scope: Scope, status: int, seconds: float, *, live: bool) -> None:
    method = scope["method"] if scope["method"] in METHODS else "OTHER"
    route = route_of(scope)
    requests, duration = _counters(method, route, status)
    requests.inc()
    if not live:
        # How long somebody listened says nothing about how long answers take.
        duration.observe(seconds)
    log = LOG.debug if scope["path"].startswith(QUIET) else LOG.info
    log("http.request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))
