"""The application: routes, middleware and problems put together. Thin: parse, command or query, answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from muniment.api import examples
from muniment.api.auditing.middleware import Auditing
from muniment.api.console import app as console
from muniment.api.dependencies import Dependencies
from muniment.api.idempotency import docs as idempotency_docs
from muniment.api.middleware.compressing import Compressing
from muniment.api.middleware.context import RequestContext
from muniment.api.middleware.idempotent import Idempotent
from muniment.api.problems import problem
from muniment.api.problems.docs import SCHEMA_NAME, ProblemModel
from muniment.api.registry import app as registry
from muniment.api.routes import all_routes
from muniment.api.straight.way import Straight
from muniment.api.submissions.docs import component_schemas

DESCRIPTION = """
Documents in, answers out, everything on the record.

Every change is a command on the log: it is answered with `202`, a job and a *position token* as soon as the log has
confirmed it. Reads show what the log says, usually some milliseconds later; a read that sends the token in
`Muniment-Position` waits for its own change, and answers `503 read_model_behind` if it does not come in time.
Every error is `application/problem+json` with a stable `code` and what to do about it.
"""
TAGS = [
    {"name": "documents", "description": "Submit, replace, read and delete documents."},
    {"name": "jobs", "description": "What becomes of a command."},
    {"name": "search", "description": "By meaning, by words, or both."},
    {"name": "projects", "description": "Projects, their episodes and documents. Answered once it is decided."},
    {"name": "scripts", "description": "Drafts, what they go back to, and which of them counts."},
    {"name": "dead letters", "description": "Records that no retry could help, and what is done with them."},
    {"name": "embedding models", "description": "Several side by side: bring one in, compare, switch, drop."},
    {"name": "operations", "description": "Flags, halted steps, breakers: what is the whole house's."},
    {"name": "audit", "description": "Who did what, and what they were shown."},
    {"name": "proofs", "description": "What was signed of the log, and what proves it."},
    {"name": "erasure", "description": "Forgetting for good, and telling a person what is held about them."},
    {"name": "access", "description": "Keys."},
    {"name": "catalogue", "description": "What the topics carry, to read along. Open: no key needed."},
    {"name": "health", "description": "States and numbers of the parts. Open: no key needed."},
]


def create_app(deps: Dependencies) -> FastAPI:
    """The API over these parts. It starts and stops none of them: that is for whoever wired them."""
    app = FastAPI(
        routes=[*all_routes(), *console.routes()],
        title="Muniment",
        version=deps.settings.version,
        description=DESCRIPTION,
        openapi_tags=TAGS,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        lifespan=_lifespan,
        # Both pages load their scripts from elsewhere; the document itself is at /openapi.json.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # It would look at each request whether somebody has set up OpenTelemetry meanwhile: a tenth of a read.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.dependencies = deps
    app.state.started = False
    registry.mount_registry(app, deps.keys if deps.settings.registry_needs_key else None)
    console.install(app)
    problem.install(app)
    app.add_middleware(Straight, whole=app)
    app.add_middleware(Idempotent, deps=deps)
    app.add_middleware(Auditing, deps=deps)
    app.add_middleware(Compressing)
    app.add_middleware(RequestContext)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.started = True
    ending = asyncio.create_task(_end_streams(app))
    yield
    ending.cancel()
    app.state.started = False


async def _end_streams(app: FastAPI) -> None:
    """Streams have no end of their own: end them when the server begins to stop, which it tells by `leaving`."""
    leaving: asyncio.Event | None = getattr(app.state, "leaving", None)
    if leaving is not None:
        await leaving.wait()
        deps: Dependencies = app.state.dependencies
        for open_ones in (deps.streams, deps.draft_streams, deps.live):
            if open_ones is not None:
                open_ones.close()


def _openapi(app: FastAPI) -> dict[str, Any]:
    if not app.openapi_schema:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            tags=app.openapi_tags,
            license_info=app.license_info,
        )
        schemas = document["components"]["schemas"]
        model = ProblemModel.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= model.pop("$defs", {}) | {SCHEMA_NAME: model} | component_schemas()
        # Every 422 is a problem: FastAPI's own shape is never sent.
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        examples.add_to(document)
        idempotency_docs.add_to(document)
        app.openapi_schema = document
    return app.openapi_schema
