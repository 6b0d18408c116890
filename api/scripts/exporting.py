"""Routes that give a draft, or a version of a script, as a file."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Annotated, Any, Literal
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response

from muniment.api.access import Principal, Reader
from muniment.api.dependencies import Dependencies
from muniment.api.problems.docs import problems
from muniment.api.problems.problem import Problem
from muniment.api.projects.deciding import projects_of
from muniment.api.projects.described import READ_ONE
from muniment.api.projects.described import known as project_known
from muniment.api.script_reads.answers import Citation
from muniment.api.scripts.described import Number, Then, existing_version, known, scripts_of, with_text
from muniment.api.scripts.exports import fountain, markdown, word
from muniment.api.scripts.exports.sheet import Note, Sheet

router = APIRouter(prefix="/v1", tags=["scripts"])
Format = Literal["markdown", "fountain", "docx"]
FORMATS: Mapping[Format, ModuleType] = {"markdown": markdown, "fountain": fountain, "docx": word}
_Format = Annotated[Format | None, Query(description="Else what `Accept` asks for; Markdown without either")]
_Accept = Annotated[str, Header(include_in_schema=False)]
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file",
        "content": {one.MEDIA_TYPE.partition(";")[0]: {"schema": {"type": "string"}} for one in FORMATS.values()},
    },
    **READ_ONE,
    **problems("draft_not_ready", "key_destroyed", "not_acceptable"),
}


@dataclass(frozen=True, slots=True)
class File:
    """A file: what it is called, its media type, and its bytes."""

    name: str
    media_type: str
    content: bytes


@router.get(
    "/drafts/{draft_id}/export",
    operation_id="exportDraft",
    summary="A draft as Markdown, Fountain or a Word document",
    response_class=Response,
    responses=_FILE,
    dependencies=[known],
)
async def export_draft(
    *,
    draft_id: UUID,
    deps: Then,
    who: Reader,
    format: _Format = None,  # noqa: A002 - what callers call it
    accept: _Accept = "",
) -> Response:
    """With its citations as footnotes or notes; those that do not hold are marked in every format."""
    chosen = _chosen(format, accept)
    return _answer(await asyncio.to_thread(written, await sheet(deps, who, draft_id), chosen))


@router.get(
    "/projects/{project_id}/episodes/{episode_id}/script/export",
    operation_id="exportScript",
    summary="An episode's script as Markdown, Fountain or a Word document",
    response_class=Response,
    responses=_FILE,
    dependencies=[project_known, known],
)
async def export_script(
    *,
    project_id: UUID,
    episode_id: UUID,
    deps: Then,
    who: Reader,
    number: Number = None,
    format: _Format = None,  # noqa: A002 - as above
    accept: _Accept = "",
) -> Response:
    """The version that counts, or an older one."""
    chosen = _chosen(format, accept)
    version = await existing_version(deps, who, project_id, episode_id, number)
    found = replace(await sheet(deps, who, version.draft_id), number=version.number)
    return _answer(await asyncio.to_thread(written, found, chosen))


async def sheet(deps: Dependencies, who: Principal, draft_id: UUID) -> Sheet:
    """What is written into the file of a draft. Raises as `with_text`."""
    row, text = await with_text(deps, who, draft_id)
    draft, projects = row.draft, projects_of(deps)
    project = await projects.project(who.tenant, draft.project_id)
    episode = await projects.episode(who.tenant, draft.project_id, draft.episode_id)
    citations = await scripts_of(deps).citations(who.tenant, draft_id)
    return Sheet(
        project=project.title if project else "",
        episode=episode.title if episode else "",
        draft_id=draft_id,
        text=text,
        notes=[_note(one, checked=draft.checked) for one in citations],
        number=row.numbers[-1] if row.current and row.numbers else None,
        model=f"{draft.provider}/{draft.model}" if draft.provider else "",
        language=draft.language or "",
        written_at=draft.ended_at,
    )


def written(found: Sheet, chosen: Format) -> File:
    """The file of a sheet in a format."""
    made = FORMATS[chosen]
    content: bytes = made.render(found)
    return File(f"{found.title}.{made.EXTENSION}", made.MEDIA_TYPE, content)


def _note(one: Citation, *, checked: bool) -> Note:
    return Note(
        number=one.number,
        document=one.title or one.file_name,
        version=one.version,
        page=one.page,
        start=one.start,
        end=one.end,
        said_from=one.said_from,
        said_to=one.said_to,
        holds=one.holds if checked else None,
        document_id=one.document_id,
    )


def _chosen(given: Format | None, accept: str) -> Format:
    """The format that is asked for (RFC 9110, 12.5.1; weights are not looked at: the first that is known counts)."""
    if given is not None:
        return given
    wanted = [part.split(";")[0].strip().lower() for part in accept.split(",") if part.strip()]
    for kind in wanted:
        if kind in {"*/*", "text/*"}:
            return "markdown"
        for name, one in FORMATS.items():
            if one.MEDIA_TYPE.split(";")[0] == kind:
                return name
    if wanted:
        raise Problem("not_acceptable", f"None of {', '.join(FORMATS)} is what `Accept` asks for.")
    return "markdown"


def _answer(file: File) -> Response:
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Vary": "Accept",
    }
    return Response(file.content, media_type=file.media_type, headers=headers)
