"""A stand-in endpoint for benchmarks and tests: the same API, no model, a fixed latency, faults on demand.

`python -m muniment.infra.embedding_server.fixed --port N` answers after 20 ms + 0.2 ms an input (settable) with
vectors made from a hash of the input. It says `fixed-latency` as its model unless told another name, and has a second
one of 256 dimensions, whose name has `-256` at its end.

Control, without a key: `POST /faults` takes `{"faults": [FAULT, …]}`, each used up by `times` calls (1), in order:
`{"kind": "status", "status": 429, "retry_after": "2"}`, `{"kind": "hang", "seconds": 30}`,
`{"kind": "not_a_number"}`, `{"kind": "too_few"}`; `DELETE /faults` clears them. `POST /weather` takes
`{"seed": 7, "faults": [[SHARE, FAULT], …]}`: that share of all calls gets that fault, until `DELETE /weather`.
`GET /calls` counts, `DELETE /calls` starts again from nought; `POST /answered` counts for single texts.

With `--refusing FILE` it turns away, with 400, calls with a text that has one of the words in the file.

Like the real server, it drops a call whose caller has gone. With `--ledger FILE` every text that was answered is
written down there as a hash: what was paid for is still known after the process was killed.
"""

import argparse
import asyncio
import hashlib
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import orjson
import uvicorn
from numpy.typing import NDArray
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from muniment.infra.embedding_server.faults import Faults, Refusing, read_faults
from muniment.infra.embedding_server.http import answer, on_bad_request, on_failure, on_http_error, read_body
from muniment.infra.embedding_server.ledger import Ledger
from muniment.infra.embedding_server.protocol import BadRequest, Offer, read_request, write_answer, write_models

MODEL_NAME = "fixed-latency"
GONE = 499
"""The status for a caller who has left; nobody reads it."""


def hashed_vector(text: str, dimensions: int) -> NDArray[np.float32]:
    """A unit vector that is the same for the same text, everywhere and always."""
    raw = np.frombuffer(hashlib.shake_128(text.encode()).digest(dimensions), np.int8).astype(np.float32) + 0.5
    return np.asarray(raw / np.linalg.norm(raw), np.float32)


def counted_tokens(text: str) -> int:
    """A stand-in for tokens: one for every four bytes, at least one."""
    return max(1, len(text.encode()) // 4)


@dataclass
class Calls:
    """What was asked since the last reset. `dropped` counts texts whose caller had gone before they were answered."""

    requests: int = 0
    inputs: int = 0
    tokens: int = 0
    faults: int = 0
    dropped: int = 0
    in_flight: int = 0
    most_in_flight: int = 0


@dataclass
class FixedServer:
    """The endpoints, their latency and their script."""

    offer: Offer
    base_s: float
    per_input_s: float
    calls: Calls = field(default_factory=Calls)
    faults: Faults = field(default_factory=Faults)
    ledger: Ledger = field(default_factory=Ledger)
    refusing: Refusing = field(default_factory=Refusing)

    async def embeddings(self, request: Request) -> Response:
        """Answer after the fixed latency, or misbehave as scripted."""
        try:
            asked = read_request(await read_body(request), self.offer)
        except ClientDisconnect:
            return answer(b"", GONE)
        self.calls.requests += 1
        self.calls.in_flight += 1
        self.calls.most_in_flight = max(self.calls.most_in_flight, self.calls.in_flight)
        try:
            fault = self.faults.next()
            self.calls.faults += fault is not None
            if fault is not None and fault.kind == "hang":
                await asyncio.sleep(fault.seconds)
            await asyncio.sleep(self.base_s + self.per_input_s * len(asked.inputs))
        finally:
            self.calls.in_flight -= 1
        if await request.is_disconnected():
            self.calls.dropped += len(asked.inputs)
            return answer(b"", GONE)
        if fault is not None and fault.kind == "status":
            raise fault.error(datetime.now(UTC))
        self.refusing.check(asked.inputs)
        # Another model has other vectors of the same text, and is paid by itself.
        texts = [self._of(asked.model, text) for text in asked.inputs]
        vectors = np.stack([hashed_vector(text, asked.dimensions) for text in texts])
        if fault is not None:
            vectors = fault.spoil(vectors)
        tokens = sum(map(counted_tokens, asked.inputs))
        written = write_answer(vectors, tokens, asked.model, asked.encoding)
        self.calls.inputs += len(asked.inputs)
        self.calls.tokens += tokens
        # Last of all: what is not on its way to the caller when this process is killed was not sold.
        self.ledger.add(texts)
        return answer(written)

    async def answered(self, request: Request) -> Response:
        """How often each text of `{"model": …, "texts": […]}` was answered since the last reset."""
        asked = orjson.loads(await read_body(request))
        times = [self.ledger.times(self._of(asked["model"], text)) for text in asked["texts"]]
        return answer(orjson.dumps({"times": times}))

    def _of(self, model: str, text: str) -> str:
        return text if model == self.offer.model else f"{model}\0{text}"

    async def models(self, _request: Request) -> Response:
        """The stand-in's name."""
        return answer(write_models(self.offer))

    async def health(self, _request: Request) -> Response:
        """Up."""
        return answer(orjson.dumps({"status": "ok", "model": self.offer.model}))

    async def add_faults(self, request: Request) -> Response:
        """Append to the script, or clear it with DELETE."""
        if request.method == "DELETE":
            self.faults.script.clear()
        else:
            self.faults.script.extend(read_faults(await read_body(request)))
        return answer(orjson.dumps({"faults": [asdict(fault) for fault in self.faults.script]}))

    async def set_weather(self, request: Request) -> Response:
        """Set the weather, or clear it with DELETE."""
        if request.method == "DELETE":
            self.faults.weather = ()
        else:
            self.faults.forecast(await read_body(request))
        found = [[share, asdict(fault)] for share, fault in self.faults.weather]
        return answer(orjson.dumps({"faults": found}))

    async def count(self, request: Request) -> Response:
        """Counters, or a fresh start with DELETE. `texts` and `again` (see the ledger) outlive the process."""
        if request.method == "DELETE":
            self.calls = Calls(in_flight=self.calls.in_flight)
            self.ledger.clear()
        counted = {**asdict(self.calls), "texts": self.ledger.texts, "again": self.ledger.again}
        return answer(orjson.dumps(counted))


def create_app(server: FixedServer) -> Starlette:
    """The application around a stand-in."""
    return Starlette(
        routes=[
            Route("/v1/embeddings", server.embeddings, methods=["POST"]),
            Route("/v1/models", server.models),
            Route("/health", server.health),
            Route("/faults", server.add_faults, methods=["POST", "DELETE"]),
            Route("/weather", server.set_weather, methods=["POST", "DELETE"]),
            Route("/calls", server.count, methods=["GET", "DELETE"]),
            Route("/answered", server.answered, methods=["POST"]),
        ],
        exception_handlers={BadRequest: on_bad_request, HTTPException: on_http_error, Exception: on_failure},
    )


def main() -> None:
    """Serve on loopback until stopped."""
    parser = argparse.ArgumentParser(prog="muniment.infra.embedding_server.fixed")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--model", default=MODEL_NAME)
    parser.add_argument("--dimensions", type=int, default=384)
    parser.add_argument("--base-ms", type=float, default=20.0)
    parser.add_argument("--per-input-ms", type=float, default=0.2)
    parser.add_argument("--ledger", type=Path)
    parser.add_argument("--refusing", type=Path)
    given = parser.parse_args()
    offer = Offer(given.model, given.dimensions, short={f"{given.model}-256": 256})
    ledger = Ledger(given.ledger)
    latency = (given.base_ms / 1000, given.per_input_ms / 1000)
    server = FixedServer(offer, *latency, ledger=ledger, refusing=Refusing(given.refusing))
    uvicorn.run(
        create_app(server),
        host=given.host,
        port=given.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=2,
    )


if __name__ == "__main__":
    main()
