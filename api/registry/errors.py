"""Errors as Confluent's Schema Registry tells them: `{"error_code", "message"}`; the first three digits are the status.

Source: "Schema Registry API Reference" of Confluent Platform, section Errors.
"""

from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from muniment.schemas.errors import MunimentError

MEDIA_TYPE = "application/vnd.schemaregistry.v1+json"
SUBJECT_NOT_FOUND = 40401
VERSION_NOT_FOUND = 40402
SCHEMA_NOT_FOUND = 40403
LEVEL_NOT_FOUND = 40408
MODE_NOT_FOUND = 40409
INVALID_SCHEMA = 42201
INVALID_VERSION = 42202
READ_ONLY = 42205
FAILED = 50001
LOG = structlog.get_logger(__name__)


class RegistryError(Exception):
    """An answer other than the one hoped for; `code` is one of those above, or a bare status."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def status(self) -> int:
        """The HTTP status of the code."""
        return int(str(self.code)[:3])


class RegistryAnswer(JSONResponse):
    """JSON under the registry's own media type."""

    media_type = MEDIA_TYPE


def answer(error: RegistryError) -> Response:
    """The answer that an error is."""
    headers = {"WWW-Authenticate": 'Basic realm="muniment"'} if error.status == HTTPStatus.UNAUTHORIZED else None
    return RegistryAnswer({"error_code": error.code, "message": error.message}, error.status, headers=headers)


def read_only(what: str) -> RegistryError:
    """The refusal of every change."""
    return RegistryError(READ_ONLY, f"{what} is in read-only mode: schemas are declared in Muniment's source")


def install(app: FastAPI) -> None:
    """Register the handlers: whatever happens below this application is told in the registry's way."""

    @app.exception_handler(RegistryError)
    async def _ours(_: Request, error: RegistryError) -> Response:
        return answer(error)

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> Response:
        # What newer clients probe for and older registries have not (`/associations/...`) is told like this.
        phrase = HTTPStatus(error.status_code).phrase
        return answer(RegistryError(error.status_code, f"HTTP {error.status_code} {phrase}"))

    @app.exception_handler(RequestValidationError)
    async def _validation(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = [part for part in first["loc"] if isinstance(part, str)]
        if where[:1] == ["path"]:
            return answer(RegistryError(HTTPStatus.NOT_FOUND, "HTTP 404 Not Found"))
        return answer(RegistryError(HTTPStatus.UNPROCESSABLE_ENTITY, f"{'.'.join(where)}: {first['msg']}"))

    @app.exception_handler(MunimentError)
    async def _away(_: Request, error: MunimentError) -> Response:
        # Only the look-up of a key can meet this: the schemas themselves are part of the program.
        return answer(RegistryError(HTTPStatus.SERVICE_UNAVAILABLE, f"Try again later: {error.code}"))

    @app.exception_handler(Exception)
    async def _failed(_: Request, error: Exception) -> Response:
        LOG.error("registry.failed", error=type(error).__name__)
        return answer(RegistryError(FAILED, "Error in the backend"))
