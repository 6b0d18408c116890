"""An API in memory for tests of the command line: answers by method and path, and what it was asked."""

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner, Result

from muniment.infra.cli import ordering
from muniment.infra.cli.client import Access, Client
from muniment.infra.cli.main import make_app

Answer = Any | Callable[[httpx2.Request], Any]


class ScriptedApi:
    """`answers` hold a body (200), a pair of status and body, or a function of the request that gives either.

    A list is given one answer after the other; the last one stays.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: dict[tuple[str, str], Answer] = {}
        self.asked: list[tuple[str, str, dict[str, str], Any]] = []
        transport = httpx2.MockTransport(self._answer)
        monkeypatch.setattr(ordering, "find_access", lambda: Access("http://muniment", "key"))
        monkeypatch.setattr(ordering, "Client", lambda access: Client(access, transport=transport))

    def decides(self, outcome: str = "accepted", **more: Any) -> dict[str, Any]:
        """The next command's decision; the answer to the command itself."""
        found = {"operation_id": "op", "outcome": outcome, "code": None, "reason": None, "redrive_id": None}
        self.answers["GET", "/v1/operations/op"] = found | {"events": []} | more
        return {"operation_id": "op", "position": "there"}

    def run(self, *words: str, **how: Any) -> Result:
        """Run `muniment` with these words."""
        return CliRunner(env={"COLUMNS": "140"}).invoke(make_app(), words, **how)

    def bodies(self, method: str, path: str) -> list[Any]:
        """The bodies that this was sent."""
        return [body for m, p, _, body in self.asked if (m, p) == (method, path)]

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        body = json.loads(request.content) if request.content else None
        path = request.url.path
        self.asked.append((request.method, path, dict(request.url.params), body))
        found = self.answers.get((request.method, path), (404, {"code": "not_found", "detail": f"no {path}"}))
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        if callable(found):
            found = found(request)
        status, body = found if isinstance(found, tuple) else (200, found)
        return httpx2.Response(status, json=body)
