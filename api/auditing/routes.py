"""Every route of the application, those of included routers too; what is mounted is one route."""

from collections.abc import Iterable, Iterator
from typing import Any

from fastapi.routing import iter_route_contexts


def every_route(routes: Iterable[Any]) -> Iterator[Any]:
    """Each with its own path, operation id and methods, as far as it has them."""
    for context in iter_route_contexts(list(routes)):
        yield context.original_route
