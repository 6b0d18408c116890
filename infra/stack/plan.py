"""What one start of the stack will run: parts, ports, and the settings that it fills in. Starts nothing."""

import sys
from dataclasses import dataclass
from typing import Any

from muniment.infra.settings import Settings
from muniment.infra.stack import parts as stack_parts
from muniment.infra.stack.parts import Part, Stage
from muniment.infra.stack.ports import choose
from muniment.infra.stack.record import ports_before
from muniment.infra.stack.secrets import secret
from muniment.infra.stack.supervisord import Places

DATABASE = "muniment"


@dataclass(frozen=True)
class Plan:
    """One start. `filled` are the settings that the embedded parts give; `names` the parts to run."""

    settings: Settings
    names: tuple[str, ...]
    ports: dict[str, int]
    parts: tuple[Part, ...]
    filled: dict[str, Any]
    addresses: dict[str, str]
    password: str

    @property
    def places(self) -> Places:
        """Where the supervisor keeps its files."""
        return Places(self.settings.home)

    def stage(self, stage: Stage) -> tuple[Part, ...]:
        """The parts of one stage."""
        return tuple(part for part in self.parts if part.stage is stage)


def log_part(places: Places, *, as_json: bool) -> Part:
    """The part that merges the logs of the others."""
    words = (sys.executable, "-m", "muniment.infra.stack.follow", str(places.parts), *(["--json"] if as_json else []))
    return Part("log", Stage.LOG, words, grace_s=2)


def fill(settings: Settings, names: tuple[str, ...], ports: dict[str, int], password: str, key: str) -> dict[str, Any]:
    """The settings that the embedded parts give."""
    filled: dict[str, Any] = dict(ports)
    if "kafka" in names:
        filled["kafka_bootstrap"] = f"127.0.0.1:{ports['kafka_port']}"
    if "postgres" in names:
        filled["database_url"] = stack_parts.server(settings, ports, password).dsn(DATABASE)
    if "embedding" in names:
        filled["openai_base_url"] = f"http://127.0.0.1:{ports['embedding_port']}/v1"
        filled["openai_api_key"] = key
    return filled


def addresses(settings: Settings, names: tuple[str, ...], filled: dict[str, Any]) -> dict[str, str]:
    """What to tell a person; never a password."""
    outside = {
        "kafka": settings.kafka_bootstrap,
        "postgres": settings.database_url and "set by MUNIMENT_DATABASE_URL",
        "embedding": settings.openai_base_url,
    }
    told = {name: f"{address} (outside)" for name, address in outside.items() if address}
    if "kafka" in names:
        told["kafka"] = filled["kafka_bootstrap"]
    if "postgres" in names:
        told["postgres"] = f"127.0.0.1:{filled['postgres_port']}/{DATABASE}"
    if "embedding" in names:
        told["embedding"] = filled["openai_base_url"]
    for name in stack_parts.OWN:
        if name in names:
            host = settings.api_host if name == "api" else settings.web_host
            told[name] = f"http://{stack_parts.reach(host)}:{filled[f'{name}_port']}"
    return told


def make_plan(settings: Settings, only: tuple[str, ...] = ()) -> Plan:
    """Decide what to run and where. `only` limits the parts (for development).

    Raises `PortTakenError` when a port that was set is in use.
    """
    settings = settings.model_copy(update={"home": settings.home.resolve()})
    names = tuple(name for name in stack_parts.embedded(settings) if not only or name in only)
    ports = choose(stack_parts.wanted_ports(settings, names), ports_before(settings.home))
    password, key = secret(settings.home, "postgres"), secret(settings.home, "embedding")
    filled = fill(settings, names, ports, password, key)
    parts = (
        log_part(Places(settings.home), as_json=settings.log_format == "json"),
        *stack_parts.table(settings, names, ports, password, key),
    )
    return Plan(settings, names, ports, parts, filled, addresses(settings, names, filled), password)
