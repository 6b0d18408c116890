"""The route that gives a data key to a consumer who reads the topics and may open what is sealed on them."""

import base64
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from muniment.api.access import Decrypter
from muniment.api.dependencies import Deps
from muniment.api.problems.docs import problems as problem_docs
from muniment.api.problems.problem import Problem
from muniment.schemas.error_codes import ErrorCode

CACHE_S = 60
"""How long a consumer may hold a key. An erasure is final everywhere after that, as far as consumers keep to it."""
KEY_ID = "5f7c9f7e-0d38-4b0f-9a55-1f6d7f1f3a10"
EXAMPLE: dict[str, Any] = {
    "data_key_id": KEY_ID,
    "document_id": "0198c0de-7c1e-7000-8000-3f2a9d4e5b6c",
    "algorithm": "AES-256-GCM",
    "secret": base64.b64encode(bytes(range(32))).decode(),
    "hold_s": CACHE_S,
}
PROBLEMS = ("unauthorized", "forbidden", "not_found", "invalid_request", "key_destroyed")
MISSING = ("database_unavailable", "key_ring_unusable")
router = APIRouter(prefix="/v1/data-keys", tags=["access"])


class DataKeyAnswer(BaseModel):
    """A data key, and for how long it may be held. Never write it down: an erasure could not reach it there."""

    data_key_id: UUID
    document_id: UUID
    algorithm: str
    secret: str = Field(description="32 bytes as base64")
    hold_s: int = Field(description="Seconds after which the key has to be asked for anew")


@router.get(
    "/{data_key_id}",
    operation_id="getDataKey",
    summary="The key that opens what is sealed on the topics",
    responses=problem_docs(*PROBLEMS, *MISSING),
)
async def data_key(who: Decrypter, deps: Deps, data_key_id: Annotated[UUID, Path()]) -> DataKeyAnswer:
    """For consumers of the topics with the scope `decrypt`; a record's header `key_id` names the key.

    Keys of another tenant are not there, word for word like one that the key store has lost: it is no erased one. One
    that was destroyed, by an erasure, answers 410 for ever. Each request is entered in the trail with the document.
    """
    owner = await deps.key_ring.owner(data_key_id)
    if owner is None or owner.tenant != who.tenant:
        raise Problem("not_found", "There is no such data key.")
    found = None if owner.destroyed else (await deps.key_ring.find([data_key_id])).get(data_key_id)
    if found is None:
        raise Problem(ErrorCode.KEY_DESTROYED, "The key was destroyed: what it sealed cannot be read any more.")
    return DataKeyAnswer(
        data_key_id=data_key_id,
        document_id=owner.document_id,
        algorithm="AES-256-GCM",
        secret=base64.b64encode(found.secret).decode(),
        hold_s=CACHE_S,
    )
