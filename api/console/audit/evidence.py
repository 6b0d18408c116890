"""Pages of evidence: what was sealed and signed, what is not as it was, and the proof of one record."""

import json
import re
from typing import Annotated

from fastapi import Path, Query
from starlette.responses import Response

from muniment.api.console.audit.sealing import topics
from muniment.api.console.view import HEADERS, View, Viewing
from muniment.api.problems.problem import Problem
from muniment.api.proofs import answers as told
from muniment.api.proofs import routes as proofs
from muniment.schemas.proofs.checkpoints import parse_checkpoint
from muniment.schemas.proofs.merkle import is_included
from muniment.schemas.proofs.notes import parse_note, signer_of

FINDINGS = 200
Position = Annotated[str, Query(max_length=300)]


async def show_evidence(view: Viewing, position: Position = "") -> Response:
    """Every audited topic with its partitions, the findings, and the proof of the record that was asked for."""
    evidence, overview = view.deps.evidence, view.deps.overview
    found = topics(await overview.sealing()) if overview else []
    proof, why = await _proof(view, position.strip())
    return view.show(
        "audit/evidence.html",
        topics=found,
        findings=await evidence.proofs.findings(FINDINGS) if evidence else [],
        installation=evidence.signer.installation if evidence else "",
        keys=[told.key_answer(key) for key in evidence.signer.public_keys()] if evidence else [],
        position=position.strip(),
        proof=proof,
        holds=proof is not None and holds(view, proof),
        why=why,
    )


async def show_checkpoints(
    view: Viewing,
    topic: Annotated[str, Path(pattern="^[A-Za-z0-9._-]{1,249}$")],
    partition: Annotated[int, Path(ge=0, lt=2**31)],
    below: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> Response:
    """All that was signed of one partition, the newest first."""
    found = await proofs.list_checkpoints_of(
        deps=view.deps, who=view.who, topic=topic, partition=partition, below=below, limit=50
    )
    return view.show("audit/checkpoints.html", topic=topic, partition=partition, items=found.items, limit=50)


async def download_proof(view: Viewing, position: Position) -> Response:
    """A proof with the keys that it hangs on, to be kept and checked elsewhere."""
    proof, why = await _proof(view, position.strip())
    if proof is None:
        raise Problem("not_sealed", why)
    keys = await proofs.list_signing_keys(deps=view.deps, who=view.who)
    body = {"proof": proof.model_dump(mode="json"), "keys": keys.model_dump(mode="json")}
    name = re.sub(r"[^A-Za-z0-9.-]", "_", proof.position)
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="proof-{name}.json"'}
    return Response(json.dumps(body, indent=1), media_type="application/json", headers=headers)


async def _proof(view: View, position: str) -> tuple[told.InclusionProof | None, str]:
    """The proof of a position; or, where there is none, why."""
    if not position:
        return None, ""
    if not re.fullmatch(proofs.POSITION, position):
        return None, view.t("audit.proof.no_place")
    try:
        return await proofs.prove_inclusion(deps=view.deps, who=view.who, position=position), ""
    except Problem as problem:
        if problem.code != "not_sealed":
            raise
        return None, problem.detail


def holds(view: View, proof: told.InclusionProof) -> bool:
    """Whether the leaf and the path lead to the root that was signed, and a key of this installation signed it.

    It is what anybody outside would check, made here from the answer alone (RFC 9162, section 2.1.3.2).
    """
    note = parse_note(proof.checkpoint.note)
    if not signer_of(note, proofs.evidence(view.deps).signer.public_keys()):
        return False
    head = parse_checkpoint(note.text).head
    path = [bytes.fromhex(one) for one in proof.path]
    return is_included(proof.leaf_index, head.size, bytes.fromhex(proof.leaf_hash), path, head.root)
