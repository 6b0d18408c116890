"""Two documents, open to all as the OpenAPI document is: they tell of schemas, never of contents."""

import json
from functools import cache
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

from muniment.api.catalogue.page import page
from muniment.api.dependencies import Deps
from muniment.api.live_channel.described import with_live
from muniment.schemas import asyncapi
from muniment.schemas.lineage import lineage

router = APIRouter(tags=["catalogue"])
FRESH = {"Cache-Control": "public, max-age=300"}
"""They change with the program only."""
SHAPE = {
    "schema": {
        "type": "object",
        "required": ["asyncapi", "info", "channels"],
        "examples": [
            {
                "asyncapi": asyncapi.VERSION,
                "info": {"title": "Muniment: topics", "version": "0.1.0"},
                "channels": {"muniment.documents": {"address": "muniment.documents"}},
            }
        ],
    },
}


@router.get(
    "/catalogue",
    operation_id="catalogue",
    summary="Topics and events, to browse",
    response_class=HTMLResponse,
    responses={200: {"description": "The page", "content": {"text/html": {"schema": {"type": "string"}}}}},
)
async def show_catalogue(deps: Deps) -> HTMLResponse:
    """Every topic, event and field with its meaning, key, retention, personal-data class, writers and readers."""
    made = page(deps.settings.version)
    return HTMLResponse(made.html, headers={**FRESH, "Content-Security-Policy": made.policy})


@router.get(
    "/asyncapi.json",
    operation_id="asyncApi",
    summary="Topics and events as AsyncAPI 3.0",
    response_class=Response,
    responses={200: {"description": "An AsyncAPI document", "content": {"application/json": SHAPE}}},
)
async def show_asyncapi(deps: Deps) -> Response:
    """The same as the catalogue, for programs: channels, messages with Avro payloads and examples, Kafka bindings."""
    return Response(_document(deps.settings.version), media_type="application/json", headers=FRESH)


@cache
def _document(version: str) -> bytes:
    made: dict[str, Any] = with_live(asyncapi.document(lineage(), version))
    return json.dumps(made, ensure_ascii=False).encode()
