"""Routes of search."""

from time import perf_counter
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from muniment.api import answers
from muniment.api.access import Searcher, may_search
from muniment.api.as_of import LONGEST, MEANING, deps_as_of, then
from muniment.api.auditing.note import note
from muniment.api.dependencies import Dependencies, Deps
from muniment.api.numbers import NUMBER
from muniment.api.paging import bad_cursor, from_cursor, listed, to_cursor
from muniment.api.posing import Posed, pose, searched
from muniment.api.problems.docs import AWAY, DENIED, problems
from muniment.api.problems.problem import Problem
from muniment.api.reads import Mode, Question, Reads
from muniment.api.submissions.into_projects import there_is
from muniment.api.texts import NO_NUL, Filter, Metadata
from muniment.api.times import Time
from muniment.api.waiting import caught_up
from muniment.projections.rows import storable

router = APIRouter(prefix="/v1/search", tags=["search"])
known = caught_up("chunks", may_search)
READ_MODELS = ("chunks", "projects")
RESPONSES = problems(*DENIED, "not_found", "invalid_request", "read_model_behind", "embedding_unavailable", *AWAY)
Words = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=NO_NUL)]
_CURSOR = "^[A-Za-z0-9_-]+$"


class Asked(BaseModel):
    """A search."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"q": "how many days of leave", "mode": "hybrid", "k": 5, "metadata": {"project": "handbook"}}]
        },
    )

    q: Words = Field(description="What is looked for, in words or as a question")
    mode: Mode = Field(default="hybrid", description="By meaning (`vector`), by words (`text`) or by both (`hybrid`)")
    k: Annotated[int, Field(ge=1, le=100, description="Most hits on a page"), NUMBER] = 10
    metadata: Metadata = Field(default_factory=dict, description="Only documents with all of these", max_length=64)
    document_ids: list[UUID] = Field(default_factory=list, description="Only these documents", max_length=100)
    media_type: Filter | None = Field(default=None, description="Only documents of this type")
    title: Filter | None = Field(default=None, description="Only documents whose title contains this")
    project_id: UUID | None = Field(default=None, description="Only documents that are in this project")
    created_from: Time | None = Field(default=None, description="Only documents created then or later")
    created_to: Time | None = Field(default=None, description="Only documents created before")
    as_of: str | None = Field(default=None, max_length=LONGEST, description=MEANING, examples=[None])
    cursor: str | None = Field(default=None, max_length=2000, pattern=_CURSOR)


@router.get("", operation_id="search", summary="Search", responses=RESPONSES, dependencies=[known])
async def search_get(
    *,
    deps: Annotated[Dependencies, then(*READ_MODELS)],
    who: Searcher,
    q: Annotated[Words, Query(description="What is looked for", examples=["how many days of leave"])],
    mode: Mode = "hybrid",
    k: Annotated[int, Query(ge=1, le=100)] = 10,
    metadata: Annotated[
        list[Annotated[str, StringConstraints(pattern=r"^[^\x00=]{1,64}=[^\x00]{0,1000}$")]] | None,
        Query(
            max_length=64, description="`name=value`; only documents with all of these", examples=[["project=handbook"]]
        ),
    ] = None,
    document_id: Annotated[list[UUID] | None, Query(max_length=100)] = None,
    media_type: Annotated[Filter | None, Query()] = None,
    title: Annotated[Filter | None, Query()] = None,
    project_id: Annotated[UUID | None, Query(description="Only documents that are in this project")] = None,
    created_from: Time | None = None,
    created_to: Time | None = None,
    cursor: Annotated[str | None, Query(max_length=2000, pattern=_CURSOR)] = None,
) -> answers.Found:
    """Hits of the versions that are whole, best first. All filters mean the same as in the body of POST."""
    asked = Asked(
        q=q,
        mode=mode,
        k=k,
        metadata=dict(pair.split("=", 1) for pair in metadata or []),
        document_ids=document_id or [],
        media_type=media_type,
        title=title,
        project_id=project_id,
        created_from=created_from,
        created_to=created_to,
        cursor=cursor,
    )
    return await found(deps, who.tenant, asked, deps.reads)


@router.post(
    "",
    operation_id="searchByBody",
    summary="Search, with the question in the body",
    responses=RESPONSES,
    dependencies=[known],
)
async def search_post(asked: Asked, request: Request, deps: Deps, who: Searcher) -> answers.Found:
    """The same as GET, for questions that should not stand in an address."""
    asked_of = await deps_as_of(deps, request, asked.as_of, *READ_MODELS, where="body.as_of")
    return await found(asked_of, who.tenant, asked, asked_of.reads)


async def found(deps: Dependencies, tenant: str, asked: Asked, reads: Reads) -> answers.Found:
    """Run a search of now or of the moment of `reads`.

    Raises:
        Problem: `not_found` for a project that is not there; `embedding_unavailable` for `vector`; `hybrid` falls
            back to `text` and says so. Pages that follow stay with what the first one was, because the two order hits
            differently.

    """
    note().query = asked.q
    started = perf_counter()
    mode, inner = _page(asked)
    if asked.project_id is not None:
        await there_is(deps, tenant, asked.project_id)
    then = None if mode == "text" else await reads.model_then()
    posed = Posed() if mode == "text" else await pose(deps, tenant, asked.q, then)
    if posed.vector is None and mode != "text":
        if mode == "vector" or inner:
            raise Problem("embedding_unavailable", "The question could not be turned into a vector.")
        mode = "text"
    question = Question(
        text=asked.q,
        mode=mode,
        k=asked.k,
        cursor=inner,
        vector=posed.vector,
        model=posed.model,
        pinned=then is not None,
        # As the read model holds them.
        metadata={storable(name): storable(value) for name, value in asked.metadata.items()},
        document_ids=tuple(asked.document_ids),
        media_type=asked.media_type,
        created_from=asked.created_from,
        created_to=asked.created_to,
        title=asked.title,
        project_id=asked.project_id,
    )
    page, model = await listed(searched(deps, tenant, question, reads))
    return answers.Found(
        query=asked.q,
        mode=mode,
        degraded=None if mode == asked.mode else "embedding_unavailable",
        model=None if mode == "text" else model,
        took_ms=round((perf_counter() - started) * 1000, 1),
        hits=page.items,
        next_cursor=to_cursor(mode, page.next_cursor) if page.next_cursor else None,
    )


def _page(asked: Asked) -> tuple[Mode, str | None]:
    if asked.cursor is None:
        return asked.mode, None
    mode, inner = from_cursor(asked.cursor, (str, str))
    if mode != asked.mode and (mode, asked.mode) != ("text", "hybrid"):
        raise bad_cursor()
    return asked.mode if mode == asked.mode else "text", str(inner)
