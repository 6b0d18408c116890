"""What the sealer found, on the pages of auditors: what alerts, and what somebody has looked into."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from support.signed_in import browser

from muniment.api.app import create_app
from muniment.api.evidence import Evidence
from muniment.producers.signing import Signer

FOUND = {"topic": "muniment.documents", "partition": 3, "kind": "changed", "first_offset": 4, "next_offset": 5,
         "detail": "another record", "found_at": datetime(2026, 1, 1, tzinfo=UTC), "acknowledged_at": None,
         "acknowledged_by": None, "reason": None}  # fmt: skip
LOOKED = {"acknowledged_at": datetime(2026, 1, 2, tzinfo=UTC), "acknowledged_by": "cli:ann", "reason": "a drill"}


class Found:
    """Proofs of a log of which only what was found is asked for."""

    def __init__(self, *rows: dict[str, Any]) -> None:
        self.rows = rows

    async def findings(self, limit: int = 1000) -> list[dict[str, Any]]:
        return list(self.rows[:limit])


@pytest.mark.parametrize(("language", "word"), [("en", "Acknowledged"), ("ko", "확인함")])
async def test_an_acknowledged_finding_is_shown_and_counted_no_more(world, tmp_path, language, word):
    """With who says so and why; what nobody has looked into is what the number says, and what is bad."""
    signer = Signer(tmp_path / "signing.json")
    for rows, left in (((FOUND, FOUND | {"first_offset": 9} | LOOKED), 1), ((FOUND | LOOKED,), 0)):
        app = create_app(replace(world.dependencies(), evidence=Evidence(Found(*rows), signer)))
        async with browser(app, **{"Accept-Language": language}) as http:
            await http.post("/console/sign-in", data={"key": "mine"})
            page = (await http.get("/console/audit/evidence")).text
            overview = (await http.get("/console/audit")).text
        section = page[page.index('id="findings"') :].partition("</section>")[0]
        assert ('<span class="badge bad">1</span>' in section) == bool(left)
        assert section.count("<tr><td") == len(rows)
        assert (section.count(word), section.count("cli:ann"), section.count("a drill")) == (1, 1, 1)
        assert f'<a href="/console/audit/evidence#findings">{left}</a>' in overview
        assert "as it was sealed" not in overview
        assert "봉인된 그대로" not in overview
