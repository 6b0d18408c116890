"""The middleware that serves plain reads by their plans, and leaves every other request to FastAPI. Pure ASGI."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.routing import iter_route_contexts
from starlette.convertors import StringConvertor
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from muniment.api.straight.plans import InvalidError, Plan, plan_of

BELOW = "/v1/"
"""Only addresses below it go this way."""
_JSON = (b"content-type", b"application/json")


@dataclass(frozen=True, slots=True)
class _Way:
    """A route that reads, and how it is answered; without a plan FastAPI answers it."""

    address: re.Pattern[str]
    route: Any
    endpoint: Any
    plan: Plan | None


class Straight:
    """See the module. `app` is the whole application, whose routes and answers to exceptions hold here, too."""

    def __init__(self, app: ASGIApp, whole: FastAPI) -> None:
        self._app = app
        self._whole = whole
        self._ways: dict[str, list[_Way]] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "GET" or scope.get("root_path"):
            await self._app(scope, receive, send)
            return
        if self._ways is None:
            # At the first request, when all routes are there.
            self._ways = ways(self._whole)
        found = self._found(scope["path"])
        if found is None or (plan := found[0].plan) is None or _headed(scope, plan):
            await self._app(scope, receive, send)
            return
        way, path = found
        # What FastAPI leaves there for who asks afterwards which route it was.
        scope.update(route=way.route, endpoint=way.endpoint, path_params=path)
        request = Request(scope, receive, send)
        try:
            answer = await plan.answer(request, path)
            if not isinstance(answer, Response):
                answer = await plan.json(answer)
        except InvalidError:
            await self._app(scope, receive, send)
            return
        except Exception as error:
            answer = await self._told(request, error)
            if answer is None:
                raise
        if isinstance(answer, Response):
            await answer(scope, receive, send)
            return
        headers = [(b"content-length", b"%d" % len(answer)), _JSON]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    def _found(self, path: str) -> tuple[_Way, dict[str, str]] | None:
        """The first route that serves the address, as FastAPI would find it, and what the address says."""
        assert self._ways is not None
        for way in self._ways.get(_family(path), ()):
            if match := way.address.match(path):
                return way, match.groupdict()
        return None

    async def _told(self, request: Request, error: Exception) -> Response | None:
        """The answer to an exception that the application knows; `None` for one that it does not (as Starlette)."""
        for kind in type(error).__mro__:
            if (answer := self._whole.exception_handlers.get(kind)) is not None:
                told: Response = await answer(request, error)  # type: ignore[misc]
                return told
        return None


def ways(app: FastAPI) -> dict[str, list[_Way]]:
    """Every route below `BELOW` that reads, in order, by the first part of its address."""
    found: dict[str, list[_Way]] = defaultdict(list)
    for route in _reading(iter_route_contexts(list(app.routes))):
        plain = all(isinstance(one, StringConvertor) for one in route.param_convertors.values())
        plan = plan_of(route) if plain else None
        found[_family(route.path)].append(_Way(route.path_regex, route.original_route, route.endpoint, plan))
    return dict(found)


def _reading(routes: Iterable[Any]) -> Iterator[Any]:
    for route in routes:
        if (route.path or "").startswith(BELOW) and "GET" in (route.methods or ()):
            yield route


def _family(path: str) -> str:
    return path[len(BELOW) :].partition("/")[0] if path.startswith(BELOW) else ""


def _headed(scope: Scope, plan: Plan) -> bool:
    return bool(plan.headers) and any(name in plan.headers for name, _ in scope["headers"])
