"""Routes of the trail: who did what. Reading it is an entry in it, too."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse

from muniment.api.access import Auditor, Principal
from muniment.api.audit_reads.answers import AuditEntry, AuditTrail
from muniment.api.audit_reads.examples import LINE
from muniment.api.audit_reads.port import AuditReads
from muniment.api.auditing import marks
from muniment.api.dependencies import Dependencies, Deps
from muniment.api.keys import Scope
from muniment.api.paging import Cursor, Limit, listed
from muniment.api.problems.docs import problems
from muniment.api.problems.problem import from_validation
from muniment.api.texts import Filter
from muniment.api.times import Time
from muniment.projections.audit.queries import AuditFilter
from muniment.schemas.audit import HOUSE, Outcome
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

router = APIRouter(prefix="/v1/audit", tags=["audit"])
READ = problems("unauthorized", "forbidden", "invalid_request", "database_unavailable", "disk_full")
Whose = Literal["own", "house", "both"]
LINES = "application/x-ndjson"
_THINGS = {"actor", "action", "kind", "entity", "document_id", "correlation_id", "trace_id", "network", "address"}
_FILTERS = _THINGS | {"outcome", "query", "from", "to", "tenant"}
_PAGES = {"limit", "cursor"}
_OUTCOME = f"^({'|'.join(Outcome)})$"


def _known_filters(request: Request) -> None:
    """Refuse a filter that there is not: passed over, it would leave all of the trail and look as if it were heeded."""
    for name in sorted(request.query_params.keys() - _PAGES - _FILTERS):
        told = f"there is no such filter; there are {', '.join(sorted(_FILTERS))}"
        raise from_validation([{"loc": ("query", name), "msg": told}])


async def _wanted(
    *,
    request: Request,
    deps: Deps,
    who: Auditor,
    actor: Annotated[Filter | None, Query(description="Who, as `key:<id>`")] = None,
    action: Annotated[Filter | None, Query(description="What; `document.*` stands for all that begin so")] = None,
    kind: Annotated[Filter | None, Query(description="What sort of thing it is about")] = None,
    entity: Annotated[Filter | None, Query(description="That thing's id or name")] = None,
    outcome: Annotated[str | None, Query(pattern=_OUTCOME)] = None,
    document_id: Annotated[UUID | None, Query(description="Whatever showed or changed this document")] = None,
    correlation_id: Annotated[UUID | None, Query(description="Of this job or operation")] = None,
    trace_id: Annotated[Filter | None, Query()] = None,
    network: Annotated[Filter | None, Query(description="As entries show it")] = None,
    address: Annotated[
        Filter | None,
        Query(description="A guess: entries of the caller's own tenant from exactly this address"),
    ] = None,
    query: Annotated[
        Filter | None,
        Query(description="A guess: searches of the caller's own tenant for exactly these words"),
    ] = None,
    since: Annotated[Time | None, Query(alias="from", description="Then or later")] = None,
    until: Annotated[Time | None, Query(alias="to", description="Before that")] = None,
) -> AuditFilter:
    _known_filters(request)
    secret = await deps.key_ring.tenant_key(who.tenant) if address or query else b""
    return AuditFilter(
        actor=actor,
        action=action,
        kind=kind,
        entity=entity,
        outcome=outcome,
        document_id=document_id,
        correlation_id=correlation_id,
        trace_id=trace_id,
        network=network,
        address_mark=marks.mark(secret, marks.ADDRESS, marks.plain_address(address)) if address else None,
        query_mark=marks.mark(secret, marks.QUERY, query) if query else None,
        since=since,
        until=until,
    )


Wanted = Annotated[AuditFilter, Depends(_wanted)]
Tenant = Annotated[Whose, Query(description="The caller's tenant, what is the house's, or both")]


@router.get("", operation_id="listAudit", summary="Who did what, newest first", responses=READ)
async def list_audit(
    *, deps: Deps, who: Auditor, wanted: Wanted, tenant: Tenant = "both", limit: Limit = 50, cursor: Cursor = None
) -> AuditTrail:
    """Every command, every act of an operator and every answer with personal text, usually some milliseconds later."""
    wanted = _as_seen_by(who, wanted)
    page = await listed(_reads(deps).entries(_tenants(who, tenant), wanted, limit=limit, cursor=cursor))
    return AuditTrail(items=page.items, next_cursor=page.next_cursor)


@router.get(
    "/export",
    operation_id="exportAudit",
    summary="The same as JSON lines",
    responses={
        200: {
            "description": "One entry a line, newest first",
            "content": {LINES: {"schema": {"type": "string"}, "examples": {"entry": {"value": LINE}}}},
        },
        **READ,
    },
    response_class=StreamingResponse,
)
async def export_audit(*, deps: Deps, who: Auditor, wanted: Wanted, tenant: Tenant = "both") -> StreamingResponse:
    """All that is wanted, in one answer that is written while it is read; a broken connection is no end."""
    found = _reads(deps).every_entry(_tenants(who, tenant), _as_seen_by(who, wanted))
    # The first is read here: once the answer has begun, a database that is away could not be told any more.
    first = await anext(found, None)

    async def lines() -> AsyncIterator[bytes]:
        if first is not None:
            yield _line(first)
            async for entry in found:
                yield _line(entry)

    return StreamingResponse(lines(), media_type=LINES)


def _line(entry: AuditEntry) -> bytes:
    return entry.model_dump_json().encode() + b"\n"


def _as_seen_by(who: Principal, wanted: AuditFilter) -> AuditFilter:
    """Who runs the house is told all of it; other auditors are not told what it did for other tenants."""
    return replace(wanted, whole=Scope.OPERATE in who.scopes)


def _tenants(who: Principal, whose: Whose) -> list[str]:
    return {"own": [who.tenant], "house": [HOUSE], "both": [who.tenant, HOUSE]}[whose]


def _reads(deps: Dependencies) -> AuditReads:
    if deps.audit is None:
        raise StepFailure(ErrorCode.DATABASE_UNAVAILABLE, "this instance reads no trail")
    return deps.audit
