"""Reads what a request brings: JSON into memory up to a limit, files into a spool, never whole into memory.

The spool is unnamed and closed with the request, however that ends: of an upload that breaks off nothing stays, and
nothing is published. Files are stored only after the whole request was read, because a field may follow the file it
describes.
"""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Request
from pydantic import Discriminator, Tag, TypeAdapter, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from muniment.api.problems.problem import Problem, from_validation
from muniment.api.settings import MIB, ApiSettings
from muniment.api.submissions.requests import (
    Description,
    Link,
    SpooledContent,
    Submission,
    TextSubmission,
    UrlSubmission,
    of_text,
    of_url,
)
from muniment.schemas.file_names import clean_name

MAX_FIELDS = 16
FILE_FIELDS = frozenset({"file", "files"})


def _kind(given: Any) -> str:
    return "url" if isinstance(given, dict) and "url" in given and "text" not in given else "text"


Given = Annotated[Annotated[TextSubmission, Tag("text")] | Annotated[UrlSubmission, Tag("url")], Discriminator(_kind)]
_ONE: TypeAdapter[TextSubmission | UrlSubmission] = TypeAdapter(Given)
_MANY: TypeAdapter[list[TextSubmission | UrlSubmission]] = TypeAdapter(list[Given])


@asynccontextmanager
async def submissions(request: Request, settings: ApiSettings, *, many: bool) -> AsyncIterator[list[Submission | Link]]:
    """The documents in a request; their bytes can be read until the context is left.

    Raises:
        Problem: `payload_too_large`, `too_large`, `unsupported_media_type`, `invalid_request`, `missing_file`,
            `empty_upload`.

    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "application/json":
        yield _from_json(await _body(request, settings.max_json_bytes), settings, many=many)
    elif media_type == "multipart/form-data":
        form = await _form(request, settings)
        try:
            yield _from_form(form)
        finally:
            await form.close()
    else:
        raise Problem("unsupported_media_type", f"The body is {media_type or 'of no stated type'}.")


async def bounded(stream: AsyncIterator[bytes], limit: int) -> AsyncGenerator[bytes, None]:
    """The stream, until it exceeds `limit` bytes: then the problem, without reading on."""
    seen = 0
    async for piece in stream:
        seen += len(piece)
        if seen > limit:
            raise Problem("payload_too_large", f"The request exceeds {limit} bytes.")
        yield piece


async def _body(request: Request, limit: int) -> bytes:
    return b"".join([piece async for piece in bounded(request.stream(), limit)])


async def _form(request: Request, settings: ApiSettings) -> FormData:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > settings.max_request_bytes:
        raise Problem("payload_too_large", f"The request exceeds {settings.max_request_bytes} bytes.")
    stream = bounded(request.stream(), settings.max_request_bytes)
    parser = _Parser(request.headers, stream, max_files=settings.max_batch, max_fields=MAX_FIELDS, max_part_size=MIB)
    parser.max_file_bytes = settings.max_upload_bytes
    try:
        return await parser.parse()
    except MultiPartException as error:
        raise _invalid("body", error.message) from None


class _Parser(MultiPartParser):
    """Starlette's parser, which closes its spools when parsing ends badly, with a limit on each file."""

    max_file_bytes = 0

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        upload = self._current_part.file
        if upload is not None:
            self._file_bytes += end - start
            if self._file_bytes > self.max_file_bytes:
                # Parse no further: whoever sends too much is told at once. The connection stays open, and the server
                # drops what is still coming: closing it on a client that is sending would lose the answer.
                raise Problem("too_large", f"A file exceeds {self.max_file_bytes} bytes.")
        super().on_part_data(data, start, end)

    def on_part_begin(self) -> None:
        self._file_bytes = 0
        super().on_part_begin()


def _from_json(body: bytes, settings: ApiSettings, *, many: bool) -> list[Submission | Link]:
    given = _parsed(body)
    if many and (not isinstance(given, list) or not 1 <= len(given) <= settings.max_batch):
        raise _invalid("body", f"a list of 1 to {settings.max_batch} documents is wanted")
    try:
        found = _MANY.validate_json(body) if many else [_ONE.validate_json(body)]
    except ValidationError as error:
        # Which of the two it was taken for stands between the item and its field: no business of the caller's.
        raise _from_pydantic(error, "body", without=1 if many else 0) from None
    return [of_url(one) if isinstance(one, UrlSubmission) else of_text(one) for one in found]


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise _invalid("body", "not valid JSON") from None


def _from_form(form: FormData) -> list[Submission | Link]:
    fields: dict[str, Any] = {}
    files: list[UploadFile] = []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            if name not in FILE_FIELDS:
                raise _invalid(f"body.{name}", "this field takes no file: send files as `file`")
            files.append(value)
        elif name in FILE_FIELDS:
            raise Problem("missing_file", f"The part `{name}` has no file name, so it is not a file.")
        elif name in fields:
            raise _invalid(f"body.{name}", "given twice")
        else:
            fields[name] = value
    if not files:
        raise Problem("missing_file", "The form holds no file.")
    about = _description(fields)
    if len(files) > 1 and (about.document_id or about.title):
        raise _invalid("body", "document_id and title belong to one document: send several files without them")
    return [_of_file(upload, about) for upload in files]


def _description(fields: dict[str, Any]) -> Description:
    if "url" in fields:
        raise _invalid("body.url", "an address is sent as JSON, not with a file")
    # An empty field of a form is one that was left out.
    given = {name: value for name, value in fields.items() if value != ""}
    if "metadata" in given:
        try:
            given["metadata"] = json.loads(given["metadata"])
        except (ValueError, RecursionError):
            raise _invalid("body.metadata", "not valid JSON; an object of strings is wanted") from None
    try:
        return Description.model_validate(given)
    except ValidationError as error:
        raise _from_pydantic(error, "body") from None


def _of_file(upload: UploadFile, about: Description) -> Submission:
    if not upload.size:
        raise Problem("empty_upload", "A file of the upload has no bytes.")
    return Submission(SpooledContent(upload), clean_name(upload.filename or ""), "upload", about)


def _invalid(where: str, what: str) -> Problem:
    return from_validation([{"loc": (where,), "msg": what}])


def _from_pydantic(error: ValidationError, where: str, without: int | None = None) -> Problem:
    """The problem; `without` this part of each place."""
    found = [(e["loc"], e["msg"]) for e in error.errors(include_input=False)]
    kept = [(tuple(part for place, part in enumerate(loc) if place != without), told) for loc, told in found]
    return from_validation([{"loc": (where, *loc), "msg": told} for loc, told in kept])
