"""How the API and the parts it needs are. Open to all: it tells states and numbers, never contents."""

import asyncio
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from time import monotonic, perf_counter
from typing import Any

import psutil
import structlog
from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from muniment.api import health_answers as answers
from muniment.api.dependencies import Dependencies, Deps, Probe
from muniment.api.operation_reads.answers import Breaker
from muniment.api.problems.docs import problems
from muniment.api.problems.problem import Problem
from muniment.schemas.breakers import is_part
from muniment.schemas.errors import MunimentError
from muniment.schemas.metrics import RAG_QUEUE_LENGTH

LOG = structlog.get_logger(__name__)
PROBE_S = 3.0
_NOT_IN_THE_OPEN = frozenset({"error", "detail", "position", "named"})
"""What parts tell of single records, keys, files and commands: for who may operate, in `/v1/steps` and the console."""
NOT_READY = problems("not_ready")
router = APIRouter(tags=["health"])
_started = monotonic()


@router.get("/health", operation_id="health", summary="Whether requests are served", responses=NOT_READY)
async def health(deps: Deps) -> answers.Health:
    """`ok`, or `degraded` when only optional parts are away; 503 when a part is away that every request needs."""
    needed, extra = await asyncio.gather(_look(deps.required), _look(deps.optional))
    _refuse_unless_ok(needed)
    return answers.Health(status="ok" if _all_ok(extra) else "degraded")


@router.get("/health/liveness", operation_id="liveness", summary="Whether the process runs")
async def liveness() -> answers.Health:
    """Asks nobody: a restart of this process would cure no other part."""
    return answers.Health(status="ok")


@router.get("/health/readiness", operation_id="readiness", summary="Whether to send requests here", responses=NOT_READY)
async def readiness(request: Request, deps: Deps) -> answers.Health:
    """Asks the parts that every request needs; no more once this instance has been asked to stop."""
    leaving = getattr(request.app.state, "leaving", None)
    if leaving is not None and leaving.is_set():
        raise Problem("not_ready", "This instance is stopping; another one will answer.")
    _refuse_unless_ok(await _look(deps.required))
    return answers.Health(status="ok")


@router.get("/health/startup", operation_id="startup", summary="Whether it has started", responses=NOT_READY)
async def startup(request: Request) -> answers.Health:
    """True from the moment the application has its parts wired."""
    if not request.app.state.started:
        raise Problem("not_ready", "The API is still starting.")
    return answers.Health(status="ok")


@router.get("/health/detailed", operation_id="detailedHealth", summary="Every part, and what this process uses")
async def detailed(deps: Deps) -> answers.DetailedHealth:
    """Always 200: it is for people and dashboards; probes ask the others."""
    needed, extra = await asyncio.gather(_look(deps.required), _look(deps.optional))
    (queue, lag), operations, count = await asyncio.gather(_reads(deps), _operating(deps), _count(deps))
    as_ever = operations is None or not (operations.halted_steps or operations.open_breakers)
    status = "failing" if not _all_ok(needed) else "ok" if _all_ok(extra) and as_ever else "degraded"
    process = psutil.Process()
    with process.oneshot():
        memory, cpu = process.memory_info(), process.cpu_times()
        connections = {"open_files": process.num_fds(), "sockets": len(process.net_connections())}
    return answers.DetailedHealth(
        status=status,
        version=deps.settings.version,
        uptime_s=round(monotonic() - _started, 1),
        parts=needed | extra,
        worker_system=_worker_system(deps, count, queue),
        memory={"rss_mib": round(memory.rss / 2**20, 1), "used_pct": psutil.virtual_memory().percent},
        cpu={"user_s": cpu.user, "system_s": cpu.system, "cores": float(os.cpu_count() or 1)},
        connections=connections,
        projection_lag=lag,
        operations=operations,
    )


@router.get(
    "/metrics",
    operation_id="metrics",
    summary="Metrics in the Prometheus text format",
    response_class=Response,
    responses={
        200: {"description": "Prometheus text format", "content": {"text/plain": {"schema": {"type": "string"}}}}
    },
)
async def metrics(deps: Deps) -> Response:
    """Of this process; workers and projections have their own."""
    queue, _ = await _reads(deps)
    if queue is not None:
        RAG_QUEUE_LENGTH.set(queue)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _reads(deps: Dependencies) -> tuple[int | None, dict[str, int]]:
    try:
        async with asyncio.timeout(PROBE_S):
            return await deps.reads.open_jobs(), dict(await deps.reads.lag())
    except (MunimentError, TimeoutError):
        return None, {}


async def _operating(deps: Dependencies) -> answers.Operating | None:
    try:
        async with asyncio.timeout(PROBE_S):
            steps, breakers, flags = (
                await deps.reads.steps(),
                await deps.reads.breakers(),
                await deps.reads.flags(),
            )
            waiting = await deps.reads.dead_letters_waiting()
    except (MunimentError, TimeoutError):
        return None
    return answers.Operating(
        halted_steps=[step.name for step in steps if step.state == "halted"],
        open_breakers=[breaker.name for breaker in breakers if _is_open(breaker, datetime.now(UTC))],
        flags={flag.name: flag.value for flag in flags},
        dead_letters_waiting=waiting,
    )


def _is_open(breaker: Breaker, now: datetime) -> bool:
    """Whether calls are refused. That of a host whose pause is over may wait for ever for the call that closes it."""
    over = breaker.retry_at is not None and breaker.retry_at <= now
    return breaker.state == "open" and not (over and is_part(breaker.name))


def _worker_system(deps: Dependencies, count: int | None, queue: int | None) -> answers.WorkerSystem:
    if deps.workers is None:
        return answers.WorkerSystem(enabled=None, type=None, workers=None, queue_length=queue)
    apart = deps.workers.apart()
    return answers.WorkerSystem(enabled=apart, type="faust" if apart else "inline", workers=count, queue_length=queue)


async def _count(deps: Dependencies) -> int | None:
    try:
        async with asyncio.timeout(PROBE_S):
            return await deps.workers.count() if deps.workers else None
    except TimeoutError:
        return None


async def _look(probes: Mapping[str, Probe]) -> dict[str, answers.Part]:
    found = await asyncio.gather(*[_part(name, probe) for name, probe in probes.items()])
    return dict(zip(probes, found, strict=True))


async def _part(name: str, probe: Probe) -> answers.Part:
    started = perf_counter()
    facts: dict[str, Any] = {}
    try:
        async with asyncio.timeout(PROBE_S):
            facts = {name: _open(fact) for name, fact in (await probe()).items()}
        status = "ok"
    except Exception as error:  # noqa: BLE001 - whatever a probe meets, the part is away, and health has to say so
        LOG.warning("health.away", part_name=name, error=type(error).__name__)
        status, facts = "away", {"error": type(error).__name__, **getattr(error, "facts", {})}
    return answers.Part(status=status, took_ms=round((perf_counter() - started) * 1000, 1), facts=facts)


def _open(fact: Any) -> Any:
    if isinstance(fact, Mapping):
        return {name: _open(one) for name, one in fact.items() if name not in _NOT_IN_THE_OPEN}
    return [_open(one) for one in fact] if isinstance(fact, list) else fact


def _all_ok(parts: Mapping[str, answers.Part]) -> bool:
    return all(part.status == "ok" for part in parts.values())


def _refuse_unless_ok(parts: Mapping[str, answers.Part]) -> None:
    away = [name for name, part in parts.items() if part.status != "ok"]
    if away:
        states = {name: part.status for name, part in parts.items()}
        raise Problem("not_ready", f"Away: {', '.join(away)}.", extra={"parts": states})
