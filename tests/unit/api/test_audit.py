"""Who is told what of the trail."""

from types import SimpleNamespace
from typing import Any

import pytest
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


@pytest.mark.parametrize("path", ["/v1/audit", "/v1/audit/export"])
async def test_a_filter_that_there_is_not_is_refused(world: Any, path: str) -> None:
    """Passed over, it would leave everything, and who saw one document would seem to be whoever did anything."""
    document = "00000000-0000-4000-8000-000000000001"
    async with world.client() as http:
        told = await http.get(path, params={"document": document}, headers=world.mine)
        right = await http.get(
            path, params={"document_id": document, "from": "2026-01-01T00:00:00Z"}, headers=world.mine
        )
    assert (told.status_code, told.json()["errors"][0]["where"]) == (422, "query.document")
    assert "document_id" in told.json()["detail"]
    assert right.status_code == 200, right.text


@pytest.mark.parametrize("path", ["/v1/audit", "/v1/audit/export"])
async def test_every_filter_of_the_document_is_heeded(world: Any, path: str) -> None:
    """What the OpenAPI document names is refused for its value at most."""
    names = [one["name"] for one in world.app.openapi()["paths"][path]["get"]["parameters"] if one["in"] == "query"]
    assert {"actor", "document_id", "from", "to", "query", "tenant"} <= set(names)
    async with world.client() as http:
        for name in names:
            told = await http.get(path, params={name: "both"}, headers=world.mine)
            assert "no such filter" not in told.text, name
