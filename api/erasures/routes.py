"""Routes of erasures (GDPR Art. 17): ask, agree, follow, and the receipt."""

import base64
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from muniment.api.access import Eraser, Principal, may_erase
from muniment.api.auditing.note import note
from muniment.api.dependencies import Dependencies, Deps
from muniment.api.erasures import answers as told
from muniment.api.erasures.wired import erasures_of
from muniment.api.idempotency.ids import new_job_id
from muniment.api.operations.docs import READ, READ_ONE, order_docs
from muniment.api.position import HEADER, to_token
from muniment.api.problems.docs import problems
from muniment.api.problems.problem import Problem, from_validation
from muniment.api.publishing import publish
from muniment.api.texts import Reason
from muniment.api.waiting import caught_up
from muniment.producers.key_owners import Kind
from muniment.projections.erasures.queries import ErasureRow
from muniment.schemas.erasures import ConfirmErasure, RejectErasure, RequestErasure
from muniment.schemas.metadata import NORMAL

router = APIRouter(prefix="/v1/erasures", tags=["erasure"])
known = caught_up("erasures", may_erase)
RECEIPT_PURPOSE = "erasure-receipt"
_INSTEAD: dict[Kind, str] = {
    "draft": "a draft: it is erased with the documents that it was written from",
    "project": "a project: delete it (DELETE /v1/projects/{project_id})",
}


class Ordering:
    """What every route of a command about an erasure does: publish it, and answer 202 with where to follow it."""

    def __init__(self, request: Request, response: Response, deps: Deps, who: Eraser) -> None:
        self._request, self._response = request, response
        self._deps, self._who = deps, who

    async def __call__(
        self, command: RequestErasure | ConfirmErasure | RejectErasure, command_id: UUID
    ) -> told.ErasureOrdered:
        """Publish it under its id; returns once the broker has confirmed it. Raises as `publish`."""
        erasure_id, traceparent = command.erasure_id, self._request.state.traceparent
        about = {"traceparent": traceparent, "lane": NORMAL, "erasure_id": str(erasure_id)}
        token = to_token([await publish(self._deps, self._who, command, command_id, **about)])
        self._response.headers["Location"] = f"/v1/erasures/{erasure_id}"
        self._response.headers[HEADER] = token
        return told.ErasureOrdered(erasure_id=erasure_id, position=token)


Order = Annotated[Ordering, Depends()]


@router.post(
    "",
    status_code=202,
    operation_id="requestErasure",
    summary="Erase a person, or documents, for good",
    responses=order_docs(),
)
async def request_erasure(*, given: told.EraseRequest, deps: Deps, who: Eraser, order: Order) -> told.ErasureOrdered:
    """Keys are destroyed, then every store removes what it holds. There is no way back. See `needs_confirmation`."""
    await _documents_only(deps, who, given.document_ids)
    erasure_id = new_job_id()
    command = RequestErasure(
        erasure_id=erasure_id,
        subject=await erasures_of(deps).tag(who.tenant, given.subject) if given.subject else None,
        document_ids=tuple(given.document_ids),
        reason=given.reason,
        origin="request",
        confirmations=0,
    )
    return await order(command, erasure_id)


@router.post(
    "/preview",
    operation_id="previewErasure",
    summary="What an erasure would take, other people's scripts included",
    responses=READ,
)
async def preview_erasure(*, given: told.ErasureScope, deps: Deps, who: Eraser) -> told.ErasurePreview:
    """Erases nothing. A person's erasure takes drafts that they asked for wherever these are an episode's script."""
    await _documents_only(deps, who, given.document_ids)
    found = await erasures_of(deps).reach(who.tenant, given.subject, given.document_ids)
    return told.ErasurePreview(
        documents=list(found.documents),
        drafts=list(found.drafts),
        scripts=[told.ScriptLost(**asdict(one)) for one in found.scripts],
    )


@router.get(
    "", operation_id="listErasures", summary="List erasures, newest first", responses=READ, dependencies=[known]
)
async def list_erasures(deps: Deps, who: Eraser) -> told.ErasureList:
    """Who asked for what, and how far it is."""
    rows = await erasures_of(deps).erasures(who.tenant)
    return told.ErasureList(items=[told.ErasureSummary(**told.summary(row)) for row in rows])


@router.get("/{erasure_id}", operation_id="getErasure", summary="One erasure", responses=READ_ONE, dependencies=[known])
async def get_erasure(erasure_id: UUID, deps: Deps, who: Eraser) -> told.ErasureAnswer:
    """How far it is, and what each store has removed so far."""
    return told.answer(await _existing(deps, who, erasure_id))


@router.post(
    "/{erasure_id}/confirm",
    status_code=202,
    operation_id="confirmErasure",
    summary="Agree to an erasure that somebody else asked for",
    responses=order_docs("not_found", "read_model_behind", "erasure_decided", "confirmed_by_requester"),
    dependencies=[known],
)
async def confirm_erasure(
    *, erasure_id: UUID, given: Reason, deps: Deps, who: Eraser, order: Order
) -> told.ErasureOrdered:
    """By another key than the one that asked. From here on there is no way back."""
    row = await _undecided(deps, who, erasure_id)
    if row.requested_by == who.actor:
        raise Problem("confirmed_by_requester", "This key asked for the erasure itself.")
    command = ConfirmErasure(erasure_id=erasure_id, reason=given.reason)
    return await order(command, new_job_id())


@router.post(
    "/{erasure_id}/reject",
    status_code=202,
    operation_id="rejectErasure",
    summary="Do not agree to an erasure",
    responses=order_docs("not_found", "read_model_behind", "erasure_decided"),
    dependencies=[known],
)
async def reject_erasure(
    *, erasure_id: UUID, given: Reason, deps: Deps, who: Eraser, order: Order
) -> told.ErasureOrdered:
    """Nothing is erased; who asked may take it back so, too."""
    await _undecided(deps, who, erasure_id)
    command = RejectErasure(erasure_id=erasure_id, reason=given.reason)
    return await order(command, new_job_id())


@router.get(
    "/{erasure_id}/receipt",
    operation_id="getErasureReceipt",
    summary="The signed receipt of an erasure",
    responses={**READ_ONE, **problems("erasure_not_completed")},
    dependencies=[known],
)
async def get_receipt(erasure_id: UUID, deps: Deps, who: Eraser) -> told.ReceiptAnswer:
    """What was asked, by whom, and what every store removed; signed by this installation."""
    row = await _existing(deps, who, erasure_id)
    if row.receipt is None or row.signature is None:
        raise Problem("erasure_not_completed", f"The erasure is {row.status}: there is no receipt yet.")
    return told.ReceiptAnswer(
        erasure_id=erasure_id,
        text=row.receipt,
        sha256=row.receipt_hash or "",
        key_id=row.key_id or "",
        signature=base64.b64encode(row.signature).decode(),
        purpose=RECEIPT_PURPOSE,
        receipt=json.loads(row.receipt),
    )


async def _existing(deps: Dependencies, who: Principal, erasure_id: UUID) -> ErasureRow:
    found = await erasures_of(deps).erasure(who.tenant, erasure_id)
    if found is None:
        raise Problem("not_found", "There is no such erasure.")
    return found


async def _undecided(deps: Dependencies, who: Principal, erasure_id: UUID) -> ErasureRow:
    row = await _existing(deps, who, erasure_id)
    if row.status != "requested":
        raise Problem("erasure_decided", f"The erasure is {row.status}.")
    note().concerns(row.document_ids)
    return row


async def _documents_only(deps: Dependencies, who: Principal, document_ids: Sequence[UUID]) -> None:
    """Refuse what has a key as documents have, and is none: only its key would go, and not what it says."""
    for one, kind in (await erasures_of(deps).no_documents(who.tenant, document_ids)).items():
        raise from_validation([{"loc": ("body", "document_ids"), "msg": f"{one} is {_INSTEAD[kind]}"}])
