"""The registry as an application of its own, mounted at `/registry`.

It is Confluent's contract and not ours: its paths, media type, errors and parameters stand in Confluent's reference,
which is why it is not part of `/openapi.json`. It needs neither broker nor database (unless keys are asked for), so
consumers find their schemas whatever else is away.
"""

from fastapi import Depends, FastAPI
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from muniment.api.key_store import KeyStore
from muniment.api.registry import access, asking, errors, reading
from muniment.api.registry.contents import Contents
from muniment.schemas.catalogue import declarations

PREFIX = "/registry"


class _WithoutSlash:
    """The registry at its very address, where a mount does not answer: tools are given it, and people try it first."""

    def __init__(self, registry: FastAPI) -> None:
        self._registry = registry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as at the same address with the slash."""
        root = scope.get("root_path", "") + PREFIX
        await self._registry({**scope, "root_path": root, "path": f"{scope['path']}/"}, receive, send)


def mount_registry(app: FastAPI, keys: KeyStore | None = None) -> None:
    """Let an application have the registry below `PREFIX`, and there."""
    registry = create_registry(keys)
    app.router.routes.append(Route(PREFIX, _WithoutSlash(registry), include_in_schema=False))
    app.mount(PREFIX, registry)


def create_registry(keys: KeyStore | None = None) -> FastAPI:
    """The registry of all declared events; with `keys`, only those who hold one may ask."""

    async def guard(request: Request) -> None:
        if keys is not None:
            await access.let_in(request, keys)

    app = FastAPI(openapi_url=None, redirect_slashes=False, dependencies=[Depends(guard)])
    app.state.contents = Contents(declarations())
    app.include_router(reading.router)
    app.include_router(asking.router)
    errors.install(app)
    return app
