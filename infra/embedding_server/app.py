"""The server: `POST /v1/embeddings`, `GET /v1/models`, `GET /health`."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import orjson
from numpy.typing import NDArray
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from muniment.infra.embedding_server.http import (
    answer,
    check_key,
    on_bad_request,
    on_failure,
    on_http_error,
    read_body,
)
from muniment.infra.embedding_server.lanes import LaneFull, Lanes, Runner
from muniment.infra.embedding_server.protocol import (
    BadRequest,
    Offer,
    check_lengths,
    read_request,
    shortened,
    write_answer,
    write_models,
)

INLINE_INPUTS = 8
"""Up to this many inputs are tokenised on the event loop: handing over costs more than the work."""


class TextModel(Runner, Protocol):
    """A model that also knows its tokens."""

    def tokenise(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text."""
        ...


@dataclass(frozen=True)
class Served:
    """What the endpoints work on."""

    model: TextModel
    lanes: Lanes
    offer: Offer
    max_tokens: int
    key: str | None

    async def embeddings(self, request: Request) -> Response:
        """Embed what was asked; a caller that goes away takes its remaining work with it."""
        check_key(request, self.key)
        asked = read_request(await read_body(request), self.offer)
        tokens = await self._tokens(asked.inputs)
        lengths = [len(ids) for ids in tokens]
        check_lengths(lengths, self.max_tokens, single=len(asked.inputs) == 1)
        work = asyncio.ensure_future(self.lanes.embed(tokens))
        try:
            vectors = await _unless_gone(work, request)
        except LaneFull as cause:
            full = BadRequest(429, "Too many inputs are waiting.", code="rate_limit_exceeded")
            full.headers["Retry-After"] = "1"
            raise full from cause
        if vectors is None:
            return Response(status_code=499)
        return answer(write_answer(shortened(vectors, asked.dimensions), sum(lengths), asked.model, asked.encoding))

    async def models(self, request: Request) -> Response:
        """The model there is, and the names of its shorter vectors."""
        check_key(request, self.key)
        return answer(write_models(self.offer))

    async def health(self, _request: Request) -> Response:
        """Up, with what waits; no key needed and nothing secret told."""
        waiting = {"query": self.lanes.query.waiting, "batch": self.lanes.batch.waiting}
        return answer(orjson.dumps({"status": "ok", "model": self.offer.model, "waiting_inputs": waiting}))

    async def _tokens(self, texts: tuple[str, ...]) -> list[list[int]]:
        if len(texts) <= INLINE_INPUTS and sum(map(len, texts)) <= INLINE_INPUTS * 4096:
            return self.model.tokenise(texts)
        return await asyncio.to_thread(self.model.tokenise, texts)


async def _unless_gone(work: "asyncio.Future[NDArray[np.float32]]", request: Request) -> NDArray[np.float32] | None:
    """The result, or nothing when the client went away first."""
    gone = asyncio.ensure_future(_disconnected(request))
    try:
        either: set[asyncio.Future[Any]] = {work, gone}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        return work.result() if work.done() else None
    finally:
        gone.cancel()
        work.cancel()


async def _disconnected(request: Request) -> None:
    # The body was read to its end: the next message can only be the disconnect.
    while (await request.receive())["type"] != "http.disconnect":
        pass


def create_app(
    model: TextModel, *, offer: Offer, max_tokens: int, workers: int = 1, key: str | None = None
) -> Starlette:
    """The application around a loaded model, `workers` sub-batches at once.

    With `key`, callers have to show it as a bearer token.
    """
    served = Served(model, Lanes(model, workers=workers), offer, max_tokens, key)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        served.lanes.close()

    return Starlette(
        routes=[
            Route("/v1/embeddings", served.embeddings, methods=["POST"]),
            Route("/v1/models", served.models),
            Route("/health", served.health),
        ],
        exception_handlers={BadRequest: on_bad_request, HTTPException: on_http_error, Exception: on_failure},
        lifespan=lifespan,
    )
