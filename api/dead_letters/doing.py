"""Routes that do something with dead letters: redrive, discard, edit, and the record that an edit is applied to."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from muniment.api.access import Operator, Principal, may_operate
from muniment.api.dead_letters.reading import LetterPath, existing_letter, tenants_of
from muniment.api.dead_letters.records import letter_owner, letter_record
from muniment.api.dead_letters.requests import Edit, Letters, Redriving, unconfirmed
from muniment.api.dependencies import Deps
from muniment.api.operation_reads import answers as told
from muniment.api.operation_reads.rows import letter_place
from muniment.api.operations.docs import READ_ONE, order_docs
from muniment.api.operations.ordering import Order
from muniment.api.problems.docs import AWAY, problems
from muniment.api.problems.problem import Problem
from muniment.api.waiting import caught_up
from muniment.projections.dead_letters.fate import DISCARDABLE, QUARANTINED, REDRIVABLE
from muniment.projections.dead_letters.queries import DeadLetterFilter
from muniment.schemas.operation_commands import DiscardDeadLetters, EditDeadLetter, RedriveDeadLetters

router = APIRouter(prefix="/v1/dead-letters", tags=["dead letters"])
known = caught_up("dead_letters", may_operate)
SAMPLE = 10
Dry = Annotated[bool, Query(description="Only tell what would be touched (200), publish nothing")]
_DOCS = {
    **order_docs("read_model_behind", "nothing_selected", "confirmation_needed", "not_found"),
    200: {"model": told.DryRun, "description": "With `dry_run`: what would be touched"},
}


@router.post(
    "/redrive",
    status_code=202,
    operation_id="redriveDeadLetters",
    summary="Send dead letters back to their steps",
    responses=_DOCS,
    dependencies=[known],
    response_model=told.Ordered,
)
async def redrive(
    *, given: Redriving, deps: Deps, who: Operator, order: Order, dry_run: Dry = False
) -> told.Ordered | Response:
    """At the rate given, some of each cause first, the others only if those pass.

    Only letters that wait are taken, with `force` quarantined ones, too; none is redriven twice. Those of an embedding
    model that is dropped or paused are left out: nobody would take them up.
    """
    statuses = (*REDRIVABLE, QUARANTINED) if given.force else REDRIVABLE
    wanted = _filter(given, statuses)
    found = await _found(deps, who, replace(wanted, worked_on=True))
    found.left_out = await deps.reads.dead_letters_resting(tenants_of(who), wanted)
    if dry_run:
        return JSONResponse(found.model_dump(mode="json"))
    _check(found, given)
    command = RedriveDeadLetters(
        letters=_places(given),
        selection=_selection(given),
        rate=given.rate,
        canary=given.canary,
        confirmed=given.confirmed,
        force=given.force,
        reason=given.reason,
    )
    return await order(command)


@router.post(
    "/discard",
    status_code=202,
    operation_id="discardDeadLetters",
    summary="Give up on dead letters",
    responses=_DOCS,
    dependencies=[known],
    response_model=told.Ordered,
)
async def discard(
    *, given: Letters, deps: Deps, who: Operator, order: Order, dry_run: Dry = False
) -> told.Ordered | Response:
    """They stay on the log; nobody will redrive them."""
    found = await _found(deps, who, _filter(given, DISCARDABLE))
    if dry_run:
        return JSONResponse(found.model_dump(mode="json"))
    _check(found, given)
    command = DiscardDeadLetters(
        letters=_places(given), selection=_selection(given), confirmed=given.confirmed, reason=given.reason
    )
    return await order(command)


@router.post(
    "/{dead_letter_id}/edit",
    status_code=202,
    operation_id="editDeadLetter",
    summary="Read a dead letter with a patch, and redrive it",
    responses=order_docs(
        "not_found", "read_model_behind", "not_editable", "not_readable", "key_destroyed", "record_too_large"
    ),
    dependencies=[known],
)
async def edit(*, dead_letter_id: LetterPath, given: Edit, deps: Deps, who: Operator, order: Order) -> told.Ordered:
    """The patch is an event beside the untouched original, sealed like it: what erases the one erases the other."""
    letter = await existing_letter(deps, who, dead_letter_id)
    if letter.document_id is None:
        raise Problem("not_editable", "The letter names no document, so it has no key to seal a patch with.")
    if letter.status not in DISCARDABLE:
        raise Problem("not_editable", f"The letter is {letter.status}.")
    command = EditDeadLetter(
        document_id=letter.document_id,
        letter=letter_place(dead_letter_id),
        patch=given.patch_text(),
        reason=given.reason,
    )
    # A draft's letter names the project; its words are under the draft's key, and so are those of the patch.
    return await order(command, owner=await letter_owner(deps, dead_letter_id))


@router.get(
    "/{dead_letter_id}/record",
    operation_id="getDeadLetterRecord",
    summary="What a dead letter's record holds",
    responses={**READ_ONE, **problems("not_readable", "read_model_behind", *AWAY, "key_ring_unusable")},
    dependencies=[known],
)
async def get_record(dead_letter_id: LetterPath, deps: Deps, who: Operator) -> told.LetterRecord:
    """Decoded, and so for operators only: it can hold personal text. Fields whose key was destroyed are redacted."""
    await existing_letter(deps, who, dead_letter_id)
    return await letter_record(deps, dead_letter_id)


async def _found(deps: Deps, who: Principal, wanted: DeadLetterFilter) -> told.DryRun:
    """What the request would touch, as far as the read model knows."""
    groups = await deps.reads.dead_letter_groups(tenants_of(who), wanted)
    page = await deps.reads.dead_letters(tenants_of(who), wanted, limit=SAMPLE, cursor=None)
    return told.DryRun(
        letters=await deps.reads.dead_letters_counted(tenants_of(who), wanted),
        groups=[
            told.SelectedGroup(fingerprint=g.fingerprint, step=g.step, code=g.code, letters=g.letters) for g in groups
        ],
        sample=[letter.dead_letter_id for letter in page.items],
    )


def _filter(given: Letters, statuses: tuple[str, ...]) -> DeadLetterFilter:
    if given.letters:
        return DeadLetterFilter(letters=_places(given), statuses=statuses)
    return given.selection.as_filter(statuses)


def _places(given: Letters) -> tuple[str, ...]:
    # Each once, in the order given.
    return tuple(dict.fromkeys(letter_place(letter) for letter in given.letters))


def _selection(given: Letters) -> dict[str, str]:
    return {} if given.letters else given.selection.as_mapping()


def _check(found: told.DryRun, given: Letters) -> None:
    if not found.letters and found.left_out:
        each = [f"{one.letters} of {one.model}, which is {one.state} ({one.what_to_do})" for one in found.left_out]
        raise Problem("nothing_selected", f"Nobody would take these dead letters up: {'; '.join(each)}.")
    if not found.letters:
        raise Problem("nothing_selected", "No dead letter that waits is among those asked for.")
    if unconfirmed(found.letters, given.confirmed):
        detail = f"{found.letters} dead letters would be touched."
        raise Problem("confirmation_needed", detail, extra={"letters": found.letters})
