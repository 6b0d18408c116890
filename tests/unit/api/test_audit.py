"""Who is told what of the trail."""

from types import SimpleNamespace
from typing import Any

from support.audit_reads import OneEntry

from muniment.api.access import Principal
from muniment.api.audit import list_audit
from muniment.projections.audit.queries import AuditFilter


async def test_only_who_runs_the_house_sees_its_entries_whole() -> None:
    """The scope decides; the console asks by the same function."""
    asked: list[AuditFilter] = []

    class Reads(OneEntry):
        async def entries(self, tenants: Any, wanted: AuditFilter, **more: Any) -> Any:
            asked.append(wanted)
            return await super().entries(tenants, wanted, **more)

    deps: Any = SimpleNamespace(audit=Reads())
    for scopes in ({"audit"}, {"audit", "operate"}):
        who = Principal("acme", "key", frozenset(scopes))
        await list_audit(deps=deps, who=who, wanted=AuditFilter(entity="x"))
    assert asked == [AuditFilter(entity="x"), AuditFilter(entity="x", whole=True)]
