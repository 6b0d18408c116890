"""The registry's questions that change nothing: schemas by id, subjects, versions, levels and mode."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from muniment.api.registry.contents import Contents
from muniment.api.registry.errors import LEVEL_NOT_FOUND, MODE_NOT_FOUND, RegistryAnswer, RegistryError
from muniment.schemas.compatibility import EVENTS
from muniment.schemas.subjects import Subject

router = APIRouter(default_response_class=RegistryAnswer)
READ_ONLY_MODE = {"mode": "READONLY"}
SchemaId = Annotated[int, Path(ge=0, lt=2**31)]
Offset = Annotated[int, Query(ge=0)]
Limit = Annotated[int, Query(ge=-1)]
Prefix = Annotated[str, Query(alias="subjectPrefix")]
DeletedOnly = Annotated[bool, Query(alias="deletedOnly")]
ToGlobal = Annotated[bool, Query(alias="defaultToGlobal")]


def _contents(request: Request) -> Contents:
    found = request.app.state.contents
    assert isinstance(found, Contents)
    return found


Held = Annotated[Contents, Depends(_contents)]


@router.get("/")
async def root() -> dict[str, Any]:
    """Nothing, as ever: clients ask it to see whether a registry is there."""
    return {}


@router.get("/contexts")
async def contexts() -> list[str]:
    """Only the default one."""
    return ["."]


@router.get("/schemas/types")
async def types() -> list[str]:
    """The kinds of schemas that are held here."""
    return ["AVRO"]


@router.get("/schemas")
async def schemas(
    held: Held,
    prefix: Prefix = "",
    latest_only: Annotated[bool, Query(alias="latestOnly")] = False,
    offset: Offset = 0,
    limit: Limit = -1,
) -> list[dict[str, Any]]:
    """Every version of every subject."""
    found = [
        version_of(subject, number)
        for subject in _with_prefix(held, prefix)
        for number in range(len(subject.schemas) if latest_only else 1, len(subject.schemas) + 1)
    ]
    return _cut(found, offset, limit)


@router.get("/schemas/ids/{schema_id}")
async def schema_by_id(
    held: Held,
    schema_id: SchemaId,
    fetch_max_id: Annotated[bool, Query(alias="fetchMaxId")] = False,
) -> dict[str, Any]:
    """The schema that records of this id were written with. `subject` may be given and changes nothing."""
    return {"schema": held.schema(schema_id).text} | ({"maxId": held.max_id} if fetch_max_id else {})


@router.get("/schemas/ids/{schema_id}/schema")
async def bare_schema_by_id(held: Held, schema_id: SchemaId) -> Response:
    """The same, as it stands."""
    return _bare(held.schema(schema_id).text)


@router.get("/schemas/ids/{schema_id}/subjects")
async def subjects_of_id(held: Held, schema_id: SchemaId) -> list[str]:
    """The subjects that have it."""
    held.schema(schema_id)
    return [subject.name for subject, _ in held.holders(schema_id)]


@router.get("/schemas/ids/{schema_id}/versions")
async def versions_of_id(held: Held, schema_id: SchemaId) -> list[dict[str, Any]]:
    """The same, with its version in each."""
    held.schema(schema_id)
    return [{"subject": subject.name, "version": version} for subject, version in held.holders(schema_id)]


@router.get("/subjects")
async def subjects(
    held: Held, prefix: Prefix = "", deleted_only: DeletedOnly = False, offset: Offset = 0, limit: Limit = -1
) -> list[str]:
    """The names of all subjects; none was ever deleted."""
    names = [] if deleted_only else [subject.name for subject in _with_prefix(held, prefix)]
    return _cut(names, offset, limit)


@router.get("/subjects/{name}/versions")
async def versions(
    held: Held, name: str, deleted_only: DeletedOnly = False, offset: Offset = 0, limit: Limit = -1
) -> list[int]:
    """The versions of a subject; none was ever deleted."""
    subject = held.subject(name)
    return _cut([] if deleted_only else list(range(1, len(subject.schemas) + 1)), offset, limit)


@router.get("/subjects/{name}/versions/{version}")
async def one_version(held: Held, name: str, version: str) -> dict[str, Any]:
    """One version of a subject; `latest` is the newest."""
    subject = held.subject(name)
    return version_of(subject, held.version(subject, version))


@router.get("/subjects/{name}/versions/{version}/schema")
async def bare_version(held: Held, name: str, version: str) -> Response:
    """Its schema as it stands."""
    subject = held.subject(name)
    return _bare(subject.schemas[held.version(subject, version) - 1].text)


@router.get("/subjects/{name}/versions/{version}/referencedby")
async def referenced_by(held: Held, name: str, version: str) -> list[int]:
    """Nothing: every schema here is whole in itself."""
    held.version(held.subject(name), version)
    return []


@router.get("/config")
async def level() -> dict[str, str]:
    """What every event keeps."""
    return {"compatibilityLevel": EVENTS}


@router.get("/config/{name}")
async def level_of(held: Held, name: str, to_global: ToGlobal = False) -> dict[str, str]:
    """What a subject keeps."""
    found = _perhaps(held, name)
    if found is None and not to_global:
        message = f"Subject '{name}' does not have subject-level compatibility configured"
        raise RegistryError(LEVEL_NOT_FOUND, message)
    return {"compatibilityLevel": found.level if found else EVENTS}


@router.get("/mode")
async def mode() -> dict[str, str]:
    """Nobody registers anything here."""
    return READ_ONLY_MODE


@router.get("/mode/{name}")
async def mode_of(held: Held, name: str, to_global: ToGlobal = False) -> dict[str, str]:
    """The same for one subject."""
    if _perhaps(held, name) is None and not to_global:
        raise RegistryError(MODE_NOT_FOUND, f"Subject '{name}' does not have subject-level mode configured")
    return READ_ONLY_MODE


def version_of(subject: Subject, version: int) -> dict[str, Any]:
    """A version as the registry tells it."""
    one = subject.schemas[version - 1]
    return {"subject": subject.name, "version": version, "id": one.schema_id, "schema": one.text}


def _with_prefix(held: Contents, prefix: str) -> list[Subject]:
    # `:*:` stands for all contexts, and there is only one.
    plain = prefix.removeprefix(":*:").removeprefix(":.:")
    return [subject for name, subject in held.subjects.items() if name.startswith(plain)]


def _perhaps(held: Contents, name: str) -> Subject | None:
    try:
        return held.subject(name)
    except RegistryError:
        return None


def _cut(found: list[Any], offset: int, limit: int) -> list[Any]:
    return found[offset:] if limit < 0 else found[offset : offset + limit]


def _bare(text: str) -> Response:
    return PlainTextResponse(text, media_type=RegistryAnswer.media_type)
