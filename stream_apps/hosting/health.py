"""`/health` and `/metrics` of a worker process."""

import json
from collections.abc import Callable, Mapping, Sequence

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

State = Callable[[], Mapping[str, object]]


class Health:
    """What the parts of this process say of themselves, asked anew each time."""

    def __init__(self) -> None:
        self._parts: dict[str, State] = {}
        self._standing_by = False
        self._waits: Callable[[], Sequence[Mapping[str, object]]] = tuple

    def show_waits(self, waits: Callable[[], Sequence[Mapping[str, object]]]) -> None:
        """Have shown what records wait for in place, too. It is no reason to be unwell: a restart heals none of it."""
        self._waits = waits

    def waits(self) -> list[Mapping[str, object]]:
        """What records wait for in place."""
        return list(self._waits())

    def add(self, name: str, state: State) -> None:
        """Have a part shown; its state holds `running`."""
        self._parts[name] = state

    def clear(self) -> None:
        """Have no part shown any more: they have stopped."""
        self._parts.clear()
        self._waits = tuple

    def stand_by(self, *, now: bool) -> None:
        """Say whether no part is wanted here for the time being."""
        self._standing_by = now

    def state(self) -> dict[str, object]:
        """All parts; `ok` when every one of them runs, or none is to run (`standing_by`)."""
        parts = {name: dict(state()) for name, state in self._parts.items()}
        well = bool(parts) and all(bool(part.get("running")) for part in parts.values())
        well = well or self._standing_by
        return {"ok": well, "standing_by": self._standing_by, "parts": parts, "waits": self.waits()}


async def serve_health(health: Health, host: str, port: int) -> web.AppRunner:
    """Serve `/health` (200 or 503, JSON) and `/metrics` (Prometheus); end it with `cleanup()`."""

    async def show(_: web.Request) -> web.Response:
        state = health.state()
        return web.Response(status=200 if state["ok"] else 503, text=json.dumps(state), content_type="application/json")

    async def measure(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/health", show), web.get("/metrics", measure)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner
