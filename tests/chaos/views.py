"""What readers see of one tenant, as plain values that two runs of the same stories can be compared by.

Left out: ids, numbers of versions, times, tokens, costs and what was reused. Of documents that are uploaded twice with
the same bytes, neighbouring versions of the same are folded into one: it depends on how much the decider has heard
whether the second is one.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from hashlib import md5
from typing import Any

import asyncpg

Operation = tuple[str, int]
View = dict[str, Any]
"""`documents`: name to what is seen of it; `jobs`: operation to kind, state and code; `dead_letters`: of which
documents, at which step, by which code: a fact that a step repeated is on the log as often, and each record of it is a
letter of its own."""

_DOCUMENTS = """
select document_id, file_name, status, title, media_type, active_version, size_bytes, characters, pages,
    metadata::text as metadata, findings::text as findings, source, lane from read.documents where tenant = $1"""
_VERSIONS = """
select document_id, version, status, code, title, file_name, media_type, blob, text_blob, size_bytes, characters, pages,
    chunks, model, lane from read.versions where tenant = $1 order by document_id, version"""
_CHUNKS = """
select a.document_id, t.ordinal, t.text, t.heading, t.page, t.start_char, t.end_char, t.tokens, v.model,
    v.embedding::text as embedding
from read.active_versions a
join read.chunk_texts t using (tenant, document_id, version)
left join read.chunk_vectors v using (tenant, document_id, version, ordinal)
where tenant = $1 order by 1, 2"""
_JOBS = "select job_id, kind, state, error_code, document_id from read.jobs where tenant = $1"
_LETTERS = "select distinct document_id::text as document, step, code from read.dead_letters where tenant = $1"


async def seen(
    connection: Any,
    tenant: str,
    names: Mapping[str, str],
    operations: Mapping[str, Operation],
    repeating: Collection[str] = (),
) -> View:
    """The read models of a tenant.

    `names` has the name of each document id, `operations` that of each job id; `repeating` are names of documents
    that are uploaded twice with the same bytes.
    """
    documents: dict[str, Any] = defaultdict(lambda: {"row": None, "versions": [], "chunks": []})
    active = {}
    for row in await connection.fetch(_DOCUMENTS, tenant):
        found = _row(row, names)
        active[row["document_id"]] = found[1].pop("active_version")
        documents[found[0]]["row"] = found[1]
    for row in await connection.fetch(_VERSIONS, tenant):
        name, values = _row(row, names)
        values["active"] = values.pop("version") == active.get(row["document_id"])
        add_version(documents[name]["versions"], values, fold=name in repeating)
    for row in await connection.fetch(_CHUNKS, tenant):
        name, values = _row(row, names)
        said = json.dumps(values, sort_keys=True, default=str)
        documents[name]["chunks"].append([row["ordinal"], md5(said.encode()).hexdigest()])
    jobs = {}
    for row in await connection.fetch(_JOBS, tenant):
        operation = operations.get(str(row["job_id"]))
        if operation is not None:
            jobs["/".join(map(str, operation))] = [row["kind"], row["state"], row["error_code"]]
    rows = await connection.fetch(_LETTERS, tenant)
    letters = sorted([names.get(row["document"], row["document"] or "?"), row["step"], row["code"]] for row in rows)
    return {"documents": dict(documents), "jobs": jobs, "dead_letters": letters}


async def job_states(address: str, tenant: str) -> dict[str, bool]:
    """Every job of a tenant, and whether it has ended. Raises what asyncpg raises while the database is away."""
    connection = await asyncpg.connect(address, timeout=5)
    try:
        rows = await connection.fetch(
            'select job_id, "end" is not null as over from read.jobs where tenant = $1', tenant
        )
        return {str(row["job_id"]): row["over"] for row in rows}
    finally:
        await connection.close()


async def folded(connection: Any) -> dict[str, dict[tuple[str, int], int]]:
    """How far each projection has come."""
    found = {}
    for row in await connection.fetch("select projection, schema from read.live"):
        rows = await connection.fetch(f"select topic, partition, next_offset from {row['schema']}.checkpoints")
        found[row["projection"]] = {(r["topic"], r["partition"]): r["next_offset"] for r in rows}
    return found


def _row(row: Any, names: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    values = dict(row)
    identity = str(values.pop("document_id"))
    return names.get(identity, identity), values


def add_version(versions: list[dict[str, Any]], one: dict[str, Any], *, fold: bool) -> None:
    """Add a version; with `fold` in the place of the one before it, if that held the same bytes."""
    if fold and versions and versions[-1]["blob"] == one["blob"] and (one["blob"] or _gone(versions[-1], one)):
        versions[-1] = {**one, "active": one["active"] or versions[-1]["active"]}
    else:
        versions.append(one)


def _gone(*versions: dict[str, Any]) -> bool:
    return all(version["status"] == "deleted" for version in versions)
