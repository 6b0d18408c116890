"""How problems are told in the OpenAPI document."""

from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from muniment.api.problems.kinds import KINDS, Kind
from muniment.api.problems.problem import MEDIA_TYPE

DENIED = ("unauthorized", "forbidden")
"""The caller is nobody, or may not."""
AWAY = ("log_unavailable", "database_unavailable")
"""What the answer stands on is away."""
SCHEMA_NAME = "Problem"
_REF = {"$ref": f"#/components/schemas/{SCHEMA_NAME}"}


class FieldProblem(BaseModel):
    """One thing that is wrong with a request."""

    where: str
    what: str


class ProblemModel(BaseModel):
    """An error (RFC 9457). `code` is stable and made for programs, `detail` and `what_to_do` for people."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["/problems/not_found"])
    title: str
    status: int
    detail: str
    code: str
    what_to_do: str
    request_id: str
    trace_id: str
    errors: list[FieldProblem] | None = Field(default=None, exclude_if=lambda found: found is None)


def problems(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that can answer with these problems, each with an example."""
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(KINDS[code].status, []).append(code)
    return {status: _response(status, found) for status, found in by_status.items()}


def _response(status: int, codes: list[str]) -> dict[str, Any]:
    examples = {code: {"summary": KINDS[code].title, "value": _example(code, KINDS[code])} for code in codes}
    answer: dict[str, Any] = {
        "description": "; ".join(KINDS[code].title for code in codes),
        "content": {MEDIA_TYPE: {"schema": _REF, "examples": examples}},
    }
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        answer["headers"] = {"Retry-After": {"description": "Seconds to wait", "schema": {"type": "string"}}}
    if status == HTTPStatus.UNAUTHORIZED:
        answer["headers"] = {"WWW-Authenticate": {"description": "RFC 6750", "schema": {"type": "string"}}}
    return answer


def _example(code: str, kind: Kind) -> dict[str, Any]:
    return {
        "type": f"/problems/{code}",
        "title": kind.title,
        "status": kind.status,
        "detail": f"{kind.title}.",
        "code": str(code),
        "what_to_do": kind.what_to_do,
        "request_id": "req-4f9a1c02b7d3e856",
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
    }
