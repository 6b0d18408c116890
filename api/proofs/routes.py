"""Routes of proofs: what was signed of the log, and what shows that a record is in it."""

from collections.abc import Awaitable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Path, Query

from muniment.api.access import Auditor
from muniment.api.dependencies import Deps
from muniment.api.evidence import Evidence
from muniment.api.paging import Limit
from muniment.api.problems.docs import problems
from muniment.api.problems.problem import Problem
from muniment.api.proofs import answers as told
from muniment.producers.sealing.proving import NotSealed, nothing_of
from muniment.schemas.record import Position

router = APIRouter(prefix="/v1", tags=["proofs"])
POSITION = r"^[A-Za-z0-9._-]{1,249}:[0-9]{1,9}:[0-9]{1,18}$"
READ = problems("unauthorized", "forbidden", "invalid_request", "database_unavailable", "disk_full")
PROVE = problems("unauthorized", "forbidden", "invalid_request", "not_sealed", "database_unavailable", "disk_full")
T = TypeVar("T")
Topic = Annotated[str, Query(pattern="^[A-Za-z0-9._-]{1,249}$")]
Partition = Annotated[int, Query(ge=0, lt=2**31)]
Size = Annotated[int, Query(ge=1, lt=2**63, description="Leaves of a signed tree")]


@router.get("/proofs/inclusion", operation_id="proveInclusion", summary="Prove a record", responses=PROVE)
async def prove_inclusion(
    *,
    deps: Deps,
    who: Auditor,
    position: Annotated[str, Query(pattern=POSITION, description="topic:partition:offset")],
    size: Annotated[Size | None, Query(description="Prove it in the checkpoint of so many leaves")] = None,
) -> told.InclusionProof:
    """That the record at a position is in the newest signed checkpoint of its partition, or in an older one."""
    del who
    proof = await _proved(evidence(deps).proofs.inclusion(Position.parse(position), size=size))
    return told.inclusion_answer(proof)


@router.get(
    "/proofs/consistency", operation_id="proveConsistency", summary="Prove that nothing was rewritten", responses=PROVE
)
async def prove_consistency(
    *,
    deps: Deps,
    who: Auditor,
    topic: Topic,
    partition: Partition,
    old: Annotated[int, Query(alias="from", ge=1, lt=2**63, description="Leaves of the older signed tree")],
    new: Annotated[
        int | None, Query(alias="to", ge=1, lt=2**63, description="Leaves of the newer one; the newest when left out")
    ] = None,
) -> told.ConsistencyProof:
    """That the tree of one checkpoint is the beginning of that of a later one."""
    del who
    try:
        return told.consistency_answer(await _proved(evidence(deps).proofs.consistency(topic, partition, old, new)))
    except ValueError:
        found = [{"where": "query.to", "what": "below `from`"}]
        raise Problem("invalid_request", "query.to: below `from`", extra={"errors": found}) from None


@router.get("/checkpoints", operation_id="listCheckpoints", summary="What was signed last", responses=READ)
async def list_checkpoints(
    *, deps: Deps, who: Auditor, topic: Topic | None = None, partition: Partition | None = None
) -> told.Checkpoints:
    """The newest checkpoint of every partition."""
    del who
    found = await evidence(deps).proofs.checkpoints(topic, partition)
    return told.Checkpoints(items=[told.checkpoint_answer(row) for row in found])


@router.get("/checkpoints/keys", operation_id="listSigningKeys", summary="Who signs", responses=READ)
async def list_signing_keys(*, deps: Deps, who: Auditor) -> told.SigningKeys:
    """Every public key that ever signed here. Keep the first one elsewhere: it is what all others hang on."""
    del who
    signer = evidence(deps).signer
    return told.SigningKeys(
        installation=signer.installation, items=[told.key_answer(key) for key in signer.public_keys()]
    )


@router.get(
    "/checkpoints/{topic}/{partition}",
    operation_id="listCheckpointsOf",
    summary="All that was signed of a partition",
    responses=PROVE,
)
async def list_checkpoints_of(
    *,
    deps: Deps,
    who: Auditor,
    topic: Annotated[str, Path(pattern="^[A-Za-z0-9._-]{1,249}$")],
    partition: Annotated[int, Path(ge=0, lt=2**31)],
    below: Annotated[int | None, Query(ge=1, lt=2**63, description="Only those of fewer leaves")] = None,
    limit: Limit = 50,
) -> told.Checkpoints:
    """The newest first; each names the one before it."""
    del who
    found = await evidence(deps).proofs.history(topic, partition, below=below, limit=limit)
    if not found and below is None:
        raise Problem("not_sealed", nothing_of(topic, partition))
    return told.Checkpoints(items=[told.checkpoint_answer(row) for row in found])


def evidence(deps: Deps) -> Evidence:
    """What makes proofs; a problem where nothing was wired."""
    if deps.evidence is None:
        raise Problem("not_sealed", "This process has no proofs.")
    return deps.evidence


async def _proved(proof: Awaitable[T]) -> T:
    try:
        return await proof
    except NotSealed as error:
        raise Problem("not_sealed", str(error)) from None
