"""What both servers share of HTTP: bounded bodies, the bearer key, errors in OpenAI's form."""

import hmac

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from muniment.infra.embedding_server.protocol import MAX_BODY_BYTES, BadRequest, error_body

JSON = "application/json"


def answer(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON response from bytes."""
    return Response(body, status, media_type=JSON, headers=headers)


async def read_body(request: Request) -> bytes:
    """The whole body, refused as soon as it grows past `MAX_BODY_BYTES`."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY_BYTES:
            raise BadRequest(413, f"The body is larger than {MAX_BODY_BYTES} bytes.", code="body_too_large")
        parts.append(part)
    return b"".join(parts)


def check_key(request: Request, key: str | None) -> None:
    """Refuse a request without the bearer key, when one is set; compared in constant time."""
    if key is None:
        return
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.encode(), key.encode()):
        raise BadRequest(401, "A valid bearer key is needed.", code="invalid_api_key")


async def on_bad_request(_request: Request, error: Exception) -> Response:
    """`BadRequest` as a response."""
    if not isinstance(error, BadRequest):
        raise error
    return answer(error.body(), error.status, error.headers)


async def on_http_error(_request: Request, error: Exception) -> Response:
    """Unknown paths and methods, in the same form as every other error."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    return answer(orjson.dumps(error_body("No such path or method.", status, code="not_found")), status)


async def on_failure(_request: Request, _error: Exception) -> Response:
    """Our own fault; says nothing of the input."""
    return answer(orjson.dumps(error_body("The embedding server failed.", 500, code="internal_error")), 500)
