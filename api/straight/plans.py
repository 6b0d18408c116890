"""What has to be called to answer a request of a route, in which order, and with what: found out once a route.

FastAPI finds that out at every request, anew for each dependency of each dependency, and matches a route of an included
router twice; on a read of one row that is most of what there is to do. Its own functions read the parameters and write
the answer here, too, so that a plan does what the route would.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from inspect import iscoroutinefunction
from typing import Any

from fastapi.datastructures import DefaultPlaceholder
from fastapi.dependencies.utils import request_params_to_args
from fastapi.requests import Request
from fastapi.routing import serialize_response
from pydantic_core import PydanticUndefined

Values = dict[str, Any]
_PLAIN = (str, int, float, bool, type(None))
"""Defaults that nobody can change: each request may have the same."""
_MORE = (
    "cookie_params",
    "body_params",
    "http_connection_param_name",
    "websocket_param_name",
    "response_param_name",
    "background_tasks_param_name",
    "security_scopes_param_name",
    "own_oauth_scopes",
    "concurrency",
)
"""What a function may ask for that no plan gives."""


class _NotPlain(Exception):
    """The route asks for more than a plan gives."""


class InvalidError(Exception):
    """A parameter is missing or not valid: FastAPI says so, in its own words."""


@dataclass(frozen=True, slots=True)
class _Call:
    """A function, and what it is given.

    Attributes:
        function: A dependency, or at last the route's own function.
        path: Parameters in the address.
        query: Parameters after it.
        defaults: Of those, and of headers; `None` when one has to be given.
        request: Under which name it gets the request, if it does.
        below: Under which name it gets the result of which call, by its place in the plan.

    """

    function: Callable[..., Awaitable[Any]]
    path: tuple[Any, ...]
    query: tuple[Any, ...]
    defaults: Values | None
    request: str | None
    below: tuple[tuple[str, int], ...]

    def values(self, request: Request, path: Mapping[str, str]) -> Values:
        """What the request gives it. Raises `InvalidError`."""
        if not request.scope["query_string"]:
            if self.defaults is None:
                raise InvalidError
            values = self.defaults.copy()
        else:
            given, errors = request_params_to_args(self.query, request.query_params)
            if errors:
                raise InvalidError
            values = (self.defaults or {}) | given
        for field in self.path:
            value, errors = field.validate(path[field.alias], values, loc=("path", field.alias))
            if errors:
                raise InvalidError
            values[field.name] = value
        if self.request:
            values[self.request] = request
        return values


@dataclass(frozen=True, slots=True)
class Plan:
    """How a route is answered.

    Attributes:
        calls: The dependencies, each after those that it depends on, and at last the route's own function.
        headers: Names of headers that are parameters, in lower case: a request with one of them is not for this plan.
        written: How what the function gives is made JSON.

    """

    calls: tuple[_Call, ...]
    headers: frozenset[bytes]
    written: Values

    async def answer(self, request: Request, path: Mapping[str, str]) -> Any:
        """What the route's function answers: JSON as `bytes`, or a response of its own.

        Raises:
            InvalidError: nothing was called.
            Exception: what one of the functions raises.

        """
        values = [call.values(request, path) for call in self.calls]
        results: list[Any] = []
        for call, given in zip(self.calls, values, strict=True):
            for name, place in call.below:
                given[name] = results[place]
            results.append(await call.function(**given))
        return results[-1]

    async def json(self, answer: Any) -> bytes:
        """The answer as FastAPI writes it. Raises what it raises for one that is not of the route's model."""
        written: bytes = await serialize_response(response_content=answer, dump_json=True, **self.written)
        return written


def plan_of(route: Any) -> Plan | None:
    """The plan of a route; `None` for one that asks for more than plans give: a body, a stream, a status of its own."""
    json = isinstance(route.response_class, DefaultPlaceholder) and route.response_field is not None
    if not json or route.status_code not in {None, 200} or route.body_field is not None or _streams(route):
        return None
    calls: list[_Call] = []
    headers: set[bytes] = set()
    try:
        _add(route.dependant, calls, {}, headers)
    except _NotPlain:
        return None
    options = ("include", "exclude", "by_alias", "exclude_unset", "exclude_defaults", "exclude_none")
    written = {name: getattr(route, f"response_model_{name}") for name in options}
    return Plan(tuple(calls), frozenset(headers), {"field": route.response_field} | written)


def _add(dependant: Any, calls: list[_Call], places: dict[Any, int], headers: set[bytes]) -> int:
    """Add a call after all that it depends on; its place. One that several depend on is made once, as by FastAPI."""
    if dependant.use_cache and dependant.call in places:
        return places[dependant.call]
    if any(getattr(dependant, name) for name in _MORE) or not _awaited(dependant.call):
        raise _NotPlain
    below = []
    for one in dependant.dependencies:
        place = _add(one, calls, places, headers)
        if one.name is not None:
            below.append((one.name, place))
    if any(field.field_info.is_required() for field in dependant.header_params):
        raise _NotPlain
    for field in dependant.header_params:
        headers.add(field.alias.lower().encode())
    calls.append(
        _Call(
            dependant.call,
            tuple(dependant.path_params),
            tuple(dependant.query_params),
            _defaults([*dependant.query_params, *dependant.header_params]),
            dependant.request_param_name,
            tuple(below),
        )
    )
    places[dependant.call] = len(calls) - 1
    return len(calls) - 1


def _streams(route: Any) -> bool:
    return bool(route.is_sse_stream or route.is_json_stream)


def _awaited(function: Any) -> bool:
    return iscoroutinefunction(function) or iscoroutinefunction(getattr(type(function), "__call__", None))  # noqa: B004


def _defaults(fields: Iterable[Any]) -> Values | None:
    """What is given where nothing is given; `None` when one of them has to be."""
    found = {}
    for field in fields:
        if field.default is PydanticUndefined or field.field_info.is_required():
            return None
        if not isinstance(field.default, _PLAIN) or field.field_info.validate_default:
            raise _NotPlain
        found[field.name] = field.default
    return found
