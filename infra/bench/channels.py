"""Live channels: what an idle one costs, how soon predictions come, and how soon an answer begins."""

import asyncio
import base64
import json
import random
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psutil
from websockets.asyncio.client import ClientConnection, connect

from muniment.api.keys import Scope, create_key
from muniment.infra.bench import memory, searching
from muniment.infra.bench.figures import Figure, percentile
from muniment.infra.bench.ours import Ours
from muniment.infra.serving import raise_open_files
from muniment.infra.stack.control import Control
from muniment.infra.stack.supervisord import Places
from muniment.projections.predictions.folding import folded, lexemes

IDLE = 5000
OPENED_AT_ONCE = 100
SETTLED_S, IDLE_S = 2.0, 20.0
TITLES, TYPED, QUESTIONS = 100_000, 300, 60
CACHED_MS, COLD_MS, FIRST_MS = 10.0, 100.0, 150.0
PATIENCE_S = 120.0
SETTINGS = {"MUNIMENT_LIVE_PER_KEY": str(2 * IDLE), "MUNIMENT_LIVE_MESSAGES_PER_SECOND": "10000"}
_WORDS = """
annual sick parental leave policy travel expense report security handbook budget quarterly review plan project
archive contract supplier customer meeting minutes strategy hiring onboarding training salary pension insurance
office network backup incident response procedure standard guide manual summary draft final notes interview
연차 휴가 규정 출장 비용 보고서 보안 안내서 예산 분기 검토 계획 사업 기록 계약 협력사 고객 회의록
전략 채용 교육 급여 연금
""".split()  # noqa: SIM905 - read as text
_HEADS = """
insert into {schema}.heads (tenant, document_id, active, indexed_at)
select $1, d, 1, now() - random() * interval '900 days' from unnest($2::uuid[]) d"""
_PHRASES = """
insert into {schema}.phrases select $1, d, 1, 't', f, p, array_to_tsvector(string_to_array(w, ' '))
from unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) as given(d, f, p, w)"""


async def measured(stack: Ours, home: Path, files: Sequence[Path], *, share: float = 1.0) -> list[Figure]:
    """All three; `share` (0 to 1) of the connections and titles."""
    found = await answers(stack, list(files))
    found += await _idle(stack, home, max(1, round(IDLE * share)))
    return found + await _predictions(stack, max(1, round(TITLES * share)))


async def _idle(stack: Ours, home: Path, count: int) -> list[Figure]:
    raise_open_files()
    before = memory.resident(home)["api"]
    async with _held(stack, count) as held:
        await asyncio.sleep(SETTLED_S)
        each_kib = (memory.resident(home)["api"] - before) * 1024 / count
        spent, began = _spent(home), perf_counter()
        await asyncio.sleep(IDLE_S)
        share = (_spent(home) - spent) / (perf_counter() - began)
        alive = sum(not one.lost for one in held)
    note = f"{count:,} idle connections on one instance, each asked every 15 s whether it is there"
    return [
        Figure("memory of an idle live channel", each_kib, "KiB", note=note),
        Figure("processor share of all idle live channels", share * 100, "% of a core"),
        Figure("idle live channels that were lost", count - alive, "channels", 0),
    ]


class _Idle(asyncio.Protocol):
    """A client that says nothing but that it is there (RFC 6455, 5.5.3)."""

    def __init__(self, address: str, key: str) -> None:
        self._address, self._key = address, key
        self._got = b""
        self._upgraded = False
        self.greeted = asyncio.Event()
        self.lost = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        nonce = base64.b64encode(secrets.token_bytes(16)).decode()
        transport.write(
            f"GET /v1/live HTTP/1.1\r\nHost: {self._address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {nonce}\r\nSec-WebSocket-Version: 13\r\n"
            f"Authorization: Bearer {self._key}\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        self._got += data
        if not self._upgraded:
            head, found, self._got = self._got.partition(b"\r\n\r\n")
            if not found:
                self._got = head
                return
            self._upgraded = True
        while len(self._got) >= 2 and len(self._got) >= (end := 2 + self._length()[0] + self._length()[1]):  # noqa: PLR2004
            start = 2 + self._length()[0]
            opcode, payload, self._got = self._got[0] & 15, self._got[start:end], self._got[end:]
            if opcode == 9:  # noqa: PLR2004 - a ping, answered by a pong, masked with nothing
                self.transport.write(bytes([0x8A, 0x80 | len(payload), 0, 0, 0, 0]) + payload)
            self.greeted.set()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.lost = True
        self.greeted.set()

    def _length(self) -> tuple[int, int]:
        """How many bytes say the length, and the length."""
        short = self._got[1] & 127
        return (2, int.from_bytes(self._got[2:4])) if short == 126 else (0, short)  # noqa: PLR2004


@asynccontextmanager
async def _held(stack: Ours, count: int) -> AsyncIterator[list[_Idle]]:
    where, key = urlsplit(stack.api.access.url), stack.api.access.key
    host, port = where.hostname or "", where.port or 80
    turn = asyncio.Semaphore(OPENED_AT_ONCE)
    loop = asyncio.get_running_loop()

    async def one() -> _Idle:
        async with turn, asyncio.timeout(PATIENCE_S):
            _, made = await loop.create_connection(lambda: _Idle(where.netloc, key), host, port)
            await made.greeted.wait()
            return made

    held = await asyncio.gather(*[one() for _ in range(count)])
    try:
        yield held
    finally:
        for made in held:
            made.transport.close()


def _spent(home: Path) -> float:
    """Processor seconds of the API so far."""
    pid = next(state.pid for state in Control(Places(home).socket).states() if state.name == "api")
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


async def answers(stack: Ours, files: list[Path]) -> list[Figure]:
    """How soon a question over the WebSocket is answered with its first word, without a model's own time."""
    cold, warm = [], []
    async with _channel(stack, stack.api.access.key) as socket:
        for number, text in enumerate(searching.questions(files, QUESTIONS)):
            cold.append(await _first(socket, f"c{number}", text))
            warm.append(await _first(socket, f"w{number}", text))
    note = f"{QUESTIONS} questions; the extract's first word, so without a model's own time"
    return [
        Figure("first word of an answer over the WebSocket, p50", percentile(cold, 0.5), "ms", FIRST_MS, note=note),
        Figure("first word of an answer over the WebSocket, p95", percentile(cold, 0.95), "ms"),
        Figure("first word of an answer that was searched for before, p50", percentile(warm, 0.5), "ms"),
    ]


async def _first(socket: ClientConnection, identity: str, text: str) -> float:
    began = perf_counter()
    await socket.send(json.dumps({"type": "query", "id": identity, "text": text}))
    first = 0.0
    async with asyncio.timeout(PATIENCE_S):
        while (message := json.loads(await socket.recv()))["type"] != "answer.end":
            if message["type"] == "answer.delta" and not first:
                first = (perf_counter() - began) * 1000
    return first or (perf_counter() - began) * 1000


async def _predictions(stack: Ours, count: int) -> list[Figure]:
    tenant = "titles"
    titles = await _fill(stack, tenant, count)
    made = await create_key(stack.database, tenant=tenant, name="bench", scopes=[Scope.SEARCH])
    chosen = random.Random(7)  # noqa: S311 - the same in every run
    typed = [chosen.choice(titles)[: chosen.randint(2, 14)] for _ in range(TYPED)]
    typed = list(dict.fromkeys(text for text in typed if len(text.strip()) > 1))
    async with _channel(stack, made.token) as socket:
        cold = [await _foretold(socket, f"c{n}", text) for n, text in enumerate(typed)]
        cached = [await _foretold(socket, f"k{n}", text) for n, text in enumerate(typed)]
    note = f"{count:,} titles in English and Korean, {len(typed)} beginnings of them; from typed to shown"
    return [
        Figure("predictions, cold, p50", percentile(cold, 0.5), "ms", note=note),
        Figure("predictions, cold, p95", percentile(cold, 0.95), "ms", COLD_MS),
        Figure("predictions, cached, p50", percentile(cached, 0.5), "ms"),
        Figure("predictions, cached, p95", percentile(cached, 0.95), "ms", CACHED_MS),
    ]


async def _foretold(socket: ClientConnection, identity: str, text: str) -> float:
    began = perf_counter()
    await socket.send(json.dumps({"type": "typing", "id": identity, "text": text}))
    async with asyncio.timeout(PATIENCE_S):
        while json.loads(await socket.recv()).get("id") != identity:
            pass
    return (perf_counter() - began) * 1000


async def _fill(stack: Ours, tenant: str, count: int) -> list[str]:
    """Titles straight into the read model: this is about reading them."""
    chosen = random.Random(1)  # noqa: S311 - the same in every run
    titles = [" ".join(chosen.sample(_WORDS, chosen.randint(2, 5))) + f" {n % 977}" for n in range(count)]
    schema = await stack.database.fetchval("select schema from read.live where projection = 'predictions'")
    for start in range(0, count, 5000):
        some = titles[start : start + 5000]
        ids = [uuid4() for _ in some]
        columns = [folded(one) for one in some], some, [" ".join(lexemes(tenant, one)) for one in some]
        await stack.database.execute(_HEADS.format(schema=schema), tenant, ids)
        await stack.database.execute(_PHRASES.format(schema=schema), tenant, ids, *columns)
    await stack.database.execute("analyze")
    return titles


@asynccontextmanager
async def _channel(stack: Ours, key: str) -> AsyncIterator[ClientConnection]:
    address = stack.api.access.url.replace("http", "ws", 1) + "/v1/live"
    headers = {"Authorization": f"Bearer {key}"}
    async with connect(address, additional_headers=headers, proxy=None, compression=None) as socket:
        await socket.recv()
        yield socket
