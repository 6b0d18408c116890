"""The middleware that lets a request with an `Idempotency-Key` happen once, on however many instances it arrives.

Pure ASGI. The request is spooled and its fingerprint taken before anything else is done; the row in the store then
decides who carries it out. Its commands get the ids of that row, so that whoever repeats it after a crash publishes the
very same command, if it is not on the log already.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import IO, Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from muniment.api.auditing.note import note
from muniment.api.dependencies import Dependencies
from muniment.api.idempotency.ids import carrying_out
from muniment.api.idempotency.key import HEADER, REPLAYED, Fingerprint, parse_key
from muniment.api.idempotency.port import (
    Begun,
    IdempotencyStore,
    KeptAnswer,
    OtherRequest,
    Reserved,
    UnderWay,
    kept_headers,
)
from muniment.api.keys import ApiKey
from muniment.api.middleware.repeated import REFUSALS, answer_to_repeat
from muniment.api.problems.problem import Problem, from_muniment, no_room, problem_response
from muniment.producers.disk import is_full
from muniment.schemas.errors import MunimentError, StepFailure

LOG = structlog.get_logger(__name__)
MUTATIONS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
QUESTIONS = ("/v1/search",)
"""Paths whose POST changes nothing."""
SPOOL_BYTES = 1024 * 1024
PIECE = 256 * 1024
PATIENCE_S = 2.0
"""How long a repeat waits for the first one before it is told that that is still under way."""
LOOK_AGAIN_S = 0.1
BEAT_S = 5.0
"""How often the holder of a request says that it is at it; well below the lock's time."""


class Idempotent:
    """See the module; without a store it lets everything through."""

    def __init__(self, app: ASGIApp, deps: Dependencies) -> None:
        self._app = app
        self._deps = deps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        store = self._deps.idempotency
        if store is None or not _is_mutation(scope):
            await self._app(scope, receive, send)
            return
        try:
            await self._serve(store, scope, receive, send)
        except Problem as problem:
            await problem_response(problem)(scope, receive, send)
        except MunimentError as error:
            await problem_response(from_muniment(error))(scope, receive, send)
        except OSError as error:
            if not is_full(error):
                raise
            await problem_response(no_room())(scope, receive, send)

    async def _serve(self, store: IdempotencyStore, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        given = headers.getlist(HEADER)
        who = await self._who(headers)
        if who is None:  # the route says so, in its own words
            await self._app(scope, receive, send)
            return
        if not given:
            if self._deps.settings.idempotency_required:
                raise Problem("idempotency_key_missing", f"The request has no {HEADER}.")
            await self._app(scope, receive, send)
            return
        try:
            key = parse_key(given)
        except ValueError as error:
            raise Problem("idempotency_key_invalid", f"{HEADER}: {error}.") from None
        with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as spool:
            print_ = Fingerprint(
                who=who.key_id,
                method=scope["method"],
                path=scope["path"],
                query=scope["query_string"],
                content_type=headers.get("content-type", ""),
            )
            await _spooled(receive, spool, print_, self._deps.settings.max_request_bytes)
            begun = await _begin(store, who.tenant, key, print_.digest())
            if isinstance(begun, Reserved):
                request = _Request(store, who.tenant, key, begun)
                await self._carry_out(request, scope, _unspooled(spool, receive), send)
            else:
                await _tell(begun, send)

    async def _who(self, headers: Headers) -> ApiKey | None:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        found = await self._deps.keys.find(token.strip()) if scheme.lower() == "bearer" else None
        if found is not None:
            note().asked_by(found.tenant, f"key:{found.key_id}")
        return found

    async def _carry_out(self, request: "_Request", scope: Scope, receive: Receive, send: Send) -> None:
        held = _Held()
        try:
            async with request.beating():
                with carrying_out(request.reserved) as carried_out:
                    await self._app(scope, receive, held)
                if held.status in REFUSALS and request.reserved.again:
                    held = await self._repeated(request, scope, receive) or held
        except BaseException:
            await request.interrupted()
            raise
        await request.ended(held, final=carried_out.final)
        for message in held.messages:
            await send(message)

    async def _repeated(self, request: "_Request", scope: Scope, receive: Receive) -> "_Held | None":
        """What is answered in place of a refusal, if the first try came to something."""
        try:
            with carrying_out(request.reserved):
                answer = await answer_to_repeat(self._deps, request.tenant, request.reserved)
        except Problem as problem:
            answer = problem_response(problem)
        except MunimentError as error:
            answer = problem_response(from_muniment(error))
        if answer is None:
            return None
        note().published(request.reserved.job_id)
        held = _Held()
        await answer(scope, receive, held)
        return held


class _Request:
    """One request that this process carries out."""

    def __init__(self, store: IdempotencyStore, tenant: str, key: str, reserved: Reserved) -> None:
        self._store = store
        self._place = (tenant, key)
        self.tenant = tenant
        self.reserved = reserved

    @asynccontextmanager
    async def beating(self) -> AsyncIterator[None]:
        """Say now and then that the request is still under way."""

        async def beat() -> None:
            while True:
                await asyncio.sleep(BEAT_S)
                with contextlib.suppress(StepFailure):
                    await self._store.extend(*self._place, self.reserved.holder)

        beating = asyncio.create_task(beat())
        try:
            yield
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)

    async def ended(self, held: "_Held", *, final: bool) -> None:
        """Keep the answer, or make room for a repeat."""
        try:
            if held.status < 300 and final:  # noqa: PLR2004 - anything else is no success
                await self._store.answered(*self._place, held.answer())
            elif 300 <= held.status < 500 and not self.reserved.again:  # noqa: PLR2004 - the caller may correct it
                await self._store.forget(*self._place, self.reserved.holder)
            else:  # a 5xx, of an item too; or refused as a repeat: nobody knows whether the first try came to something
                await self._store.interrupted(*self._place, self.reserved.holder)
        except StepFailure as error:
            # The command is where the answer says; a repeat finds it there under the ids that are in the row.
            LOG.warning("idempotency.not_kept", status=held.status, code=str(error.code))

    async def interrupted(self) -> None:
        """Nobody knows what came of it."""
        with contextlib.suppress(StepFailure):
            await self._store.interrupted(*self._place, self.reserved.holder)


class _Held:
    """An answer held back until it is kept: what the caller has seen is what a repeat will see."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def __call__(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def status(self) -> int:
        """The status; 500 when there is no answer."""
        return int(self.messages[0]["status"]) if self.messages else 500

    def answer(self) -> KeptAnswer:
        """What is kept of it."""
        headers = Headers(raw=self.messages[0]["headers"])
        body = b"".join(message.get("body", b"") for message in self.messages[1:])
        return KeptAnswer(self.status, kept_headers(headers.items()), body)


def _is_mutation(scope: Scope) -> bool:
    return (
        scope["type"] == "http"
        and scope["method"] in MUTATIONS
        and scope["path"].startswith("/v1/")
        and scope["path"] not in QUESTIONS
    )


async def _begin(store: IdempotencyStore, tenant: str, key: str, fingerprint: bytes) -> Begun:
    """Claim the request; one that is under way is waited for, for a moment."""
    deadline = monotonic() + PATIENCE_S
    while True:
        begun = await store.begin(tenant, key, fingerprint)
        if not isinstance(begun, UnderWay) or monotonic() > deadline:
            return begun
        await asyncio.sleep(LOOK_AGAIN_S)


async def _tell(begun: Begun, send: Send) -> None:
    if isinstance(begun, OtherRequest):
        raise Problem("idempotency_key_reused", f"This {HEADER} was used for another request.")
    if not isinstance(begun, KeptAnswer):
        detail = "The same request is still under way."
        raise Problem("idempotency_in_progress", detail, headers={"Retry-After": "1"})
    start: dict[str, Any] = {"type": "http.response.start", "status": begun.status, "headers": []}
    headers = MutableHeaders(scope=start)
    for name, value in begun.headers:
        headers.append(name, value)
    headers["content-length"] = str(len(begun.body))
    headers[REPLAYED] = "true"
    await send(start)
    await send({"type": "http.response.body", "body": begun.body})


async def _spooled(receive: Receive, spool: IO[bytes], print_: Fingerprint, limit: int) -> None:
    """Take the whole body in: small ones into memory, larger ones into an unnamed file."""
    seen = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        piece: bytes = message.get("body", b"")
        seen += len(piece)
        if seen > limit:
            raise Problem("payload_too_large", f"The request exceeds {limit} bytes.")
        print_.update(piece)
        if seen > SPOOL_BYTES:
            await asyncio.to_thread(spool.write, piece)
        else:
            spool.write(piece)
        more = message.get("more_body", False)
    spool.seek(0)


def _unspooled(spool: IO[bytes], receive: Receive) -> Receive:
    """The request's body once more, then whatever the connection has to say."""
    ended = False

    async def again() -> Message:
        nonlocal ended
        if ended:
            return await receive()
        piece = spool.read(PIECE)
        ended = len(piece) < PIECE
        return {"type": "http.request", "body": piece, "more_body": not ended}

    return again
