"""Every route of `/v1` and beside it, put together once in a process: each application is made of the same ones."""

from functools import cache
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel
from starlette.routing import BaseRoute

from muniment.api import (
    audit,
    data_keys,
    documents,
    embedding_models,
    health,
    history,
    jobs,
    projections,
    search,
    streams,
    whoami,
)
from muniment.api.catalogue import routes as catalogue
from muniment.api.channels import routes as channels
from muniment.api.dead_letters import doing as dead_letter_operations
from muniment.api.dead_letters import reading as dead_letters
from muniment.api.dead_letters import redrives
from muniment.api.erasures import routes as erasures
from muniment.api.operations import routes as operations
from muniment.api.problems.docs import problems
from muniment.api.problems.kinds import KINDS
from muniment.api.problems.problem import Problem
from muniment.api.projects import episodes, members, streaming
from muniment.api.projects import routes as projects
from muniment.api.proofs import routes as proofs
from muniment.api.query_once import once
from muniment.api.scripts import routes as scripts
from muniment.api.subjects import routes as subjects

PARTS = (
    # Streams before jobs: `events` is no job's id.
    *(documents, streams, jobs, search, dead_letters, dead_letter_operations, redrives, operations, projections),
    *(audit, history, erasures, subjects, whoami, catalogue, health, embedding_models, proofs),
    *(projects, episodes, members, streaming),
)
"""Whose `router` is served. Adding a part is one entry here."""


class ProblemKind(BaseModel):
    """What a problem's `type` leads to."""

    code: str
    status: int
    title: str
    what_to_do: str


@cache
def all_routes() -> tuple[BaseRoute, ...]:
    """In the order in which they are looked at. What a route takes is found out with the first request, and kept."""
    whole = APIRouter()
    for router in (*(part.router for part in PARTS), *scripts.routers):
        whole.include_router(router, dependencies=[Depends(once)])
    whole.add_api_route(
        "/problems/{code}",
        _explain,
        operation_id="explainProblem",
        summary="What a problem means",
        tags=["health"],
        responses=problems("not_found", "invalid_request"),
    )
    whole.include_router(data_keys.router, dependencies=[Depends(once)])
    whole.include_router(channels.router)
    return tuple(whole.routes)


async def _explain(code: Annotated[str, Path(pattern="^[a-z_]{1,64}$", examples=["not_found"])]) -> ProblemKind:
    """The meaning of a `code`, and what can be done."""
    if code not in KINDS:
        raise Problem("not_found", "There is no such problem.")
    kind = KINDS[code]
    return ProblemKind(code=code, status=kind.status, title=kind.title, what_to_do=kind.what_to_do)
