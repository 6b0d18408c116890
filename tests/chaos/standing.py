"""The stack that seeds go through: real parts whose processes can be doomed, and an endpoint with a weather."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
from chaos.corpus import UNWANTED
from chaos.plan import TIERS_S
from chaos.web import HOST, Web
from support.endpoint import Endpoint
from support.ports import free_port
from support.stack import Stack, running_stack

from muniment.api.keys import Scope, create_key

RISING = Path(__file__).with_name("rising.py")
SETTINGS = {
    "MUNIMENT_LOG_LEVEL": "info",
    # A stall is noticed by giving up: soon, because a seed is short.
    "MUNIMENT_EMBEDDING_REQUEST_TIMEOUT_S": "3",
}


class WeatheredEndpoint(Endpoint):
    """The stand-in endpoint with a ledger that outlives its process, and a weather that comes back with it."""

    def __init__(self, port: int, ledger: Path) -> None:
        super().__init__(port, base_ms=20, per_input_ms=0.2)
        self._refusing = ledger.with_name("refusing")
        self._words += [f"--ledger={ledger}", f"--refusing={self._refusing}"]
        self.weather: dict[str, Any] | None = None

    def start(self) -> None:
        """Serve, in the weather that was set."""
        super().start()
        if self.weather is not None:
            self.forecast(self.weather)

    def fall_ill(self) -> None:
        """Refuse everything unwanted from now on, over kills, too."""
        self._refusing.write_text(UNWANTED)

    def heal(self) -> None:
        """Take it."""
        self._refusing.unlink(missing_ok=True)

    def forecast(self, weather: dict[str, Any] | None) -> None:
        """Set the weather, or clear it."""
        self.weather = weather
        if weather is None:
            self._http.delete("/weather").raise_for_status()
        else:
            self._http.post("/weather", json=weather).raise_for_status()


@dataclass
class ChaosStack(Stack):
    """A stack whose processes end where they are told to."""

    doom: Path = field(default_factory=Path)
    web: Web = field(default_factory=lambda: Web(0))

    def arm(self, part: str, armed: dict[str, Any]) -> None:
        """Doom the part to end at a point."""
        self.fired(part).unlink(missing_ok=True)
        new = self.doom / f"{part}.new"
        new.write_text(json.dumps(armed))
        new.rename(self.doom / f"{part}.json")

    def disarm(self, part: str) -> bool:
        """Take it back; whether it had come to nothing until now."""
        try:
            (self.doom / f"{part}.json").unlink()
        except FileNotFoundError:
            return False
        return True

    def fired(self, part: str) -> Path:
        """The file that is there once the part has ended at its point."""
        return self.doom / f"{part}.fired"

    async def key(self, tenant: str) -> str:
        """A new key for everything in a tenant."""
        connection = await asyncpg.connect(self.database_url)
        try:
            return (await create_key(connection, tenant=tenant, name="chaos", scopes=list(Scope))).token
        finally:
            await connection.close()


@contextmanager
def standing(work: Path, web: Web) -> Iterator[ChaosStack]:
    """A stack for many seeds; `work` is a folder for what is between this process and those of the stack.

    It may fetch from `web`.
    """
    doom = work / "doom"
    doom.mkdir(parents=True, exist_ok=True)
    (doom / "tiers.json").write_text(json.dumps(TIERS_S))

    def make(home: Path, endpoint: Endpoint, settings: dict[str, str]) -> ChaosStack:
        return ChaosStack(
            home, endpoint, settings, program=(sys.executable, str(RISING), str(doom)), doom=doom, web=web
        )

    endpoint = WeatheredEndpoint(free_port(), work / "paid")
    settings = {**SETTINGS, "MUNIMENT_FETCH_PORTS": str(web.port), "MUNIMENT_FETCH_ALLOW": f"{HOST}/32"}
    with running_stack(settings=settings, make=make, endpoint=endpoint) as stack:
        assert isinstance(stack, ChaosStack)
        yield stack
