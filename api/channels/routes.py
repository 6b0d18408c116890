"""The WebSocket `/v1/live`. A request that is refused gets its problem as an HTTP answer (RFC 9457), no handshake."""

from fastapi import APIRouter
from starlette.websockets import WebSocket

from muniment.api.access import REALM
from muniment.api.channels.admitting import PROTOCOL, known, shown
from muniment.api.channels.connection import Connection
from muniment.api.dependencies import Dependencies, dependencies_of
from muniment.api.live_channel.described import PATH
from muniment.api.live_channel.sessions import Sessions
from muniment.api.problems.problem import Problem, from_muniment, problem_response
from muniment.schemas.errors import MunimentError

router = APIRouter()


@router.websocket(PATH, name="live")
async def live(websocket: WebSocket) -> None:
    """Predictions and answers; docs/live.md has every message."""
    deps = dependencies_of(websocket)
    try:
        sessions = _sessions(deps)
        credentials = await shown(deps, websocket)
        if credentials is not None:
            await known(deps, websocket, credentials)
    except MunimentError as error:
        await websocket.send_denial_response(problem_response(from_muniment(error)))
        return
    except Problem as problem:
        if problem.code == "unauthorized":
            problem.headers["WWW-Authenticate"] = REALM
        await websocket.send_denial_response(problem_response(problem))
        return
    offered = websocket.scope.get("subprotocols", ())
    await websocket.accept(subprotocol=PROTOCOL if PROTOCOL in offered else None)
    await Connection(deps, sessions, websocket).run(credentials)


def _sessions(deps: Dependencies) -> Sessions:
    if deps.live is None:
        raise Problem("not_ready", "This instance serves no live channels.")
    return deps.live
