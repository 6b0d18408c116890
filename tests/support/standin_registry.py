"""A registry that can be filled, in a few lines: one that takes ids in mode IMPORT, as Confluent's, or one that counts.

Apicurio itself is held to the same in tests/contract/registry, where it was fetched.
"""

from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response


class StandIn:
    """What it holds: the id of each schema, and the schemas of each subject, by their text."""

    def __init__(self, *, counts: bool) -> None:
        self.counts = counts
        self.ids: dict[str, int] = {}
        self.subjects: dict[str, list[str]] = {}
        self.modes: dict[str, str] = {}
        self.levels: dict[str, str] = {}

    def app(self) -> FastAPI:
        """The application."""
        app = FastAPI(openapi_url=None)
        app.post("/subjects/{name}")(self._look_up)
        app.post("/subjects/{name}/versions")(self._register)
        app.get("/schemas/ids/{number}")(self._by_id)
        app.put("/mode/{name}")(self._mode)
        app.put("/config/{name}")(self._level)
        return app

    async def _look_up(self, name: str, request: Request) -> Response:
        text = (await request.json())["schema"]
        if text not in self.subjects.get(name, ()):
            return _error(404, 40403)
        return JSONResponse({"subject": name, "id": self.ids[text], "version": self.subjects[name].index(text) + 1})

    async def _register(self, name: str, request: Request) -> Response:
        body = await request.json()
        if not self.counts and self.modes.get(name) != "IMPORT":
            return _error(422, 42205)
        if body["schema"] not in self.ids:
            number = max(self.ids.values(), default=0) + 1 if self.counts else body["id"]
            if number in self.ids.values():
                return _error(422, 42207)
            self.ids[body["schema"]] = number
        self.subjects.setdefault(name, []).append(body["schema"])
        return JSONResponse({"id": self.ids[body["schema"]]})

    async def _by_id(self, number: int) -> Response:
        found = [text for text, one in self.ids.items() if one == number]
        return JSONResponse({"schema": found[0]}) if found else _error(404, 40403)

    async def _mode(self, name: str, body: dict[str, Any]) -> Response:
        if self.counts:
            return _error(404, 404)
        self.modes[name] = body["mode"]
        return JSONResponse(body)

    async def _level(self, name: str, body: dict[str, Any]) -> Response:
        self.levels[name] = body["compatibility"]
        return JSONResponse(body)


def _error(status: int, code: int) -> Response:
    return JSONResponse({"error_code": code, "message": f"told {code}"}, status)
