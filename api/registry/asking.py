"""The registry's questions that bring a schema: is it known, may it follow; and every change, which is refused."""

import asyncio
import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from avro.errors import AvroException
from fastapi import APIRouter, Depends
from starlette.requests import Request

from muniment.api.registry.contents import parsed, sendable, why
from muniment.api.registry.errors import (
    INVALID_SCHEMA,
    SCHEMA_NOT_FOUND,
    RegistryAnswer,
    RegistryError,
    read_only,
)
from muniment.api.registry.reading import Held
from muniment.schemas.compatibility import incompatible
from muniment.schemas.subjects import Subject

router = APIRouter(default_response_class=RegistryAnswer)
BODY_MAX = 64 * 1024
"""Of a request, bytes: the largest schema here has some thousand, and comparing a megabyte takes a second."""


@dataclass(frozen=True, slots=True)
class Given:
    """The schema that a request brings."""

    schema: Any


async def _given(request: Request) -> Given:
    """Read by hand: clients name half a dozen media types, and some none."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > BODY_MAX:
            raise RegistryError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A schema here has at most {BODY_MAX} bytes")
    try:
        found = json.loads(body)
        text, kind, references = found["schema"], found.get("schemaType") or "AVRO", found.get("references")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise RegistryError(INVALID_SCHEMA, "The body has to be JSON with a text `schema`") from None
    if not isinstance(text, str) or kind != "AVRO" or references:
        raise RegistryError(INVALID_SCHEMA, "Only Avro schemas without references are held here")
    # Beside the loop, like the comparison: whoever asks decides how much there is to read.
    return Given(await asyncio.to_thread(parsed, text))


Brought = Annotated[Given, Depends(_given)]


@router.post("/subjects/{name}")
async def look_up(held: Held, name: str, brought: Brought) -> dict[str, Any]:
    """Under which id and version a subject has this schema."""
    subject = held.subject(name)
    one = held.known(subject, brought.schema)
    if one is None:
        raise RegistryError(SCHEMA_NOT_FOUND, "Schema not found")
    version = subject.version_of(one.schema_id)
    return {"subject": subject.name, "version": version, "id": one.schema_id, "schema": one.text}


@router.post("/subjects/{name}/versions")
async def register(held: Held, name: str, brought: Brought) -> dict[str, Any]:
    """The id of a schema that is known already; 42205 for any other, since they are declared elsewhere."""
    try:
        subject = held.subject(name)
    except RegistryError:
        raise read_only(f"Subject {name}") from None
    one = held.known(subject, brought.schema)
    if one is None:
        raise read_only(f"Subject {name}")
    return {"id": one.schema_id}


@router.post("/compatibility/subjects/{name}/versions/{version}")
async def compatible_with(
    held: Held,
    name: str,
    version: str,
    brought: Brought,
    verbose: bool = False,
) -> dict[str, Any]:
    """Whether the schema could follow this version, by the subject's level."""
    subject = held.subject(name)
    number = held.version(subject, version)
    return await asyncio.to_thread(_verdict, subject, brought, range(number, number + 1), verbose=verbose)


@router.post("/compatibility/subjects/{name}/versions")
async def compatible(
    held: Held,
    name: str,
    brought: Brought,
    verbose: bool = False,
) -> dict[str, Any]:
    """Whether the schema could follow all versions of the subject, by its level."""
    subject = held.subject(name)
    return await asyncio.to_thread(_verdict, subject, brought, range(1, len(subject.schemas) + 1), verbose=verbose)


def _verdict(subject: Subject, brought: Given, versions: range, *, verbose: bool) -> dict[str, Any]:
    try:
        found = [
            sendable(f"version {number}: {reason}")
            for number in versions
            for reason in incompatible(brought.schema, subject.schemas[number - 1].schema, subject.level)
        ]
    except (AvroException, RecursionError) as error:
        # Two libraries read schemas here, and one is stricter.
        raise RegistryError(INVALID_SCHEMA, f"Invalid schema: {why(error)}") from None
    return {"is_compatible": not found} | ({"messages": found} if verbose else {})


@router.put("/config")
@router.delete("/config")
@router.put("/mode")
async def no_change() -> None:
    """Refused: 42205."""
    raise read_only("The registry")


@router.put("/config/{name}")
@router.delete("/config/{name}")
@router.put("/mode/{name}")
@router.delete("/mode/{name}")
@router.delete("/subjects/{name}")
async def no_change_of(name: str) -> None:
    """Refused: 42205."""
    raise read_only(f"Subject {name}")


@router.delete("/subjects/{name}/versions/{version}")
async def no_change_of_version(name: str, version: str) -> None:
    """Refused: 42205."""
    raise read_only(f"Version {version} of subject {name}")
