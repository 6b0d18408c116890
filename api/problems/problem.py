"""The one place where an error becomes an answer: `application/problem+json` (RFC 9457)."""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import asyncpg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from muniment.api.problems.kinds import RETRY_AFTER_S, kind_of
from muniment.api.reading import NOT_THERE_YET
from muniment.producers.disk import is_full
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import MunimentError, StepFailure

MEDIA_TYPE = "application/problem+json"
PEOPLE = "/console"
"""Below this address people are answered, not programs: `app.state.problem_page` makes a page of a problem."""
_OURS = re.compile(r"[A-Za-z_.-]{1,60}", re.ASCII)
LOG = structlog.get_logger(__name__)
_BY_STATUS = {
    HTTPStatus.NOT_FOUND: "no_such_route",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.UNAUTHORIZED: "unauthorized",
    HTTPStatus.FORBIDDEN: "forbidden",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "payload_too_large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
}


class Problem(Exception):
    """An answer other than the one hoped for. `code` is a key of `KINDS`; `extra` are extension members."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})


def problem_body(problem: Problem) -> dict[str, Any]:
    """The members of a problem, with the ids under which the logs know the request."""
    code, kind = kind_of(problem.code)
    bound = structlog.contextvars.get_contextvars()
    return {
        "type": f"/problems/{code}",
        "title": kind.title,
        "status": kind.status,
        "detail": problem.detail,
        "code": code,
        "what_to_do": kind.what_to_do,
        "request_id": bound.get("request_id", ""),
        "trace_id": bound.get("trace_id", ""),
    } | problem.extra


def problem_response(problem: Problem) -> JSONResponse:
    """The answer that a problem is."""
    body = problem_body(problem)
    headers = problem.headers
    if body["status"] == HTTPStatus.SERVICE_UNAVAILABLE:
        headers = {"Retry-After": str(RETRY_AFTER_S)} | headers
    return JSONResponse(body, body["status"], headers=headers, media_type=MEDIA_TYPE)


async def told(request: Request, problem: Problem) -> Response:
    """The answer that a problem is to this request: people who use the console are shown a page (`install`)."""
    page = getattr(request.app.state, "problem_page", None)
    if page is None or not request.url.path.startswith(PEOPLE):
        return problem_response(problem)
    shown: Response = await page(request, problem)
    return shown


def from_muniment(error: MunimentError) -> Problem:
    """Muniment's own errors; the detail of one that is not the caller's business stays in the log."""
    code, _ = kind_of(error.code)
    if code == "internal_error":
        LOG.error("http.failed", code=str(error.code), detail=error.detail)
        return internal_error()
    retry_after = getattr(error, "retry_after_s", None)
    headers = {"Retry-After": str(max(1, round(retry_after)))} if retry_after else {}
    return Problem(code, error.detail, headers=headers)


def internal_error() -> Problem:
    """The answer to what nobody foresaw: it tells nothing about the inside."""
    return Problem("internal_error", "The request could not be completed.")


def no_room() -> Problem:
    """The answer while an upload cannot be put down anywhere."""
    return Problem(ErrorCode.DISK_FULL, "There is no room left for what the request brings.")


def from_validation(errors: Sequence[Mapping[str, Any]]) -> Problem:
    """What pydantic or FastAPI found; values are never repeated, they may be personal or secret."""
    found = [{"where": ".".join(_part(p) for p in e["loc"]) or "body", "what": str(e["msg"])} for e in errors]
    first = found[0] if found else {"where": "body", "what": "not valid"}
    return Problem("invalid_request", f"{first['where']}: {first['what']}", extra={"errors": found})


def _part(part: Any) -> str:
    # Names in metadata are the caller's own text.
    return str(part) if isinstance(part, int) or _OURS.fullmatch(str(part)) else "*"


def install(app: FastAPI) -> None:
    """Register the handlers. What no handler knows is caught by the outermost middleware (`middleware.context`)."""

    @app.exception_handler(Problem)
    async def _problem(request: Request, error: Problem) -> Response:
        return await told(request, error)

    @app.exception_handler(MunimentError)
    async def _muniment(request: Request, error: MunimentError) -> Response:
        return await told(request, from_muniment(error))

    # While a newer version of a read model is built, what only that one has is not there.
    @app.exception_handler(asyncpg.UndefinedTableError)
    @app.exception_handler(asyncpg.UndefinedColumnError)
    async def _not_there_yet(request: Request, _: Exception) -> Response:
        why = StepFailure(ErrorCode.DATABASE_UNAVAILABLE, NOT_THERE_YET)
        return await told(request, from_muniment(why))

    @app.exception_handler(OSError)
    async def _disk(request: Request, error: OSError) -> Response:
        if not is_full(error):
            raise error
        return await told(request, no_room())

    @app.exception_handler(RequestValidationError)
    async def _validation(request: Request, error: RequestValidationError) -> Response:
        return await told(request, from_validation(error.errors()))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        code = _BY_STATUS.get(HTTPStatus(error.status_code), "invalid_request")
        return await told(request, Problem(code, str(error.detail), headers=error.headers))
