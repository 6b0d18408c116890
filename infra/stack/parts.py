"""The parts of the stack, one entry each: what is run, how it is stopped, how one knows that it is well."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from muniment.infra.kafka import broker as kafka
from muniment.infra.postgres import server as postgres
from muniment.infra.postgres.identity import identity, place
from muniment.infra.settings import Settings


class Stage(StrEnum):
    """When a part is started. Stages also stop one after the other, the last one first."""

    LOG = "log"
    BASE = "base"
    APPS = "apps"


@dataclass(frozen=True)
class Part:
    """One supervised process. `stop_signal` and `orphan_signal` are names without SIG; `grace_s` is before SIGKILL.

    `health` is an address that answers 200 when the part is well; Kafka and Postgres are asked in their own language.
    """

    name: str
    stage: Stage
    command: tuple[str, ...]
    stop_signal: str = "TERM"
    orphan_signal: str = "TERM"
    grace_s: int = 5
    environment: Mapping[str, str] = field(default_factory=dict)
    health: str | None = None
    folder: Path | None = None


NAMES = ("kafka", "postgres", "embedding", "workers", "projections", "api")
OWN = ("workers", "projections", "api")
"""Parts that are this program itself: `muniment run NAME`."""


def embedded(settings: Settings) -> tuple[str, ...]:
    """The parts to run: a part whose address was set is somebody else's, and so not ours to start."""
    outside = {
        "kafka": settings.kafka_bootstrap is not None,
        "postgres": settings.database_url is not None,
        "embedding": settings.openai_base_url is not None,
    }
    return tuple(name for name in NAMES if not outside.get(name, False))


def wanted_ports(settings: Settings, names: tuple[str, ...]) -> dict[str, int]:
    """The port settings of these parts; 0 is a free one."""
    wanted = {
        "kafka": {
            "kafka_port": settings.kafka_port,
            "kafka_controller_port": settings.kafka_controller_port,
        },
        "postgres": {"postgres_port": settings.postgres_port},
        "embedding": {"embedding_port": settings.embedding_port},
        "workers": {"workers_port": settings.workers_port},
        "projections": {"projections_port": settings.projections_port},
        "api": {"api_port": settings.api_port},
    }
    return {setting: port for name in names for setting, port in wanted[name].items()}


def broker(settings: Settings, ports: Mapping[str, int]) -> kafka.Broker:
    """The embedded broker of a home."""
    home = settings.home / "kafka"
    return kafka.Broker(
        home=home,
        lib=home / "lib",
        port=ports["kafka_port"],
        controller_port=ports["kafka_controller_port"],
        heap_mib=settings.kafka_heap_mib,
    )


def server(settings: Settings, ports: Mapping[str, int], password: str) -> postgres.Server:
    """The embedded Postgres of a home, or of a shared folder when its account cannot walk there."""
    who = identity()
    home = place(settings.home / "postgres", who)
    return postgres.Server(home=home, port=ports["postgres_port"], password=password, who=who)


def embedding_command(settings: Settings, port: int) -> tuple[str, ...]:
    """The command line of the embedded embedding server."""
    return (
        sys.executable,
        "-m",
        "muniment.infra.embedding_server",
        f"--port={port}",
        f"--model={settings.model_folder}",
        f"--threads={settings.embedding_threads}",
    )


def own_part(name: str, settings: Settings, ports: Mapping[str, int]) -> Part:
    """Workers, projections or API: `muniment run NAME`, which reads its addresses from the record of the stack."""
    host = settings.api_host if name == "api" else settings.web_host
    return Part(
        name,
        Stage.APPS,
        (sys.executable, "-m", "muniment.infra.cli.main", "run", name),
        # Faust can hang on SIGTERM for minutes while its broker is away: without a supervisor there is no patience.
        orphan_signal="KILL",
        # With the stack everything goes: the API need not wait for callers who will find no other instance.
        stop_signal="INT" if name == "api" else "TERM",
        grace_s=6,
        environment={f"MUNIMENT_{name.upper()}_PORT": str(ports[f"{name}_port"])},
        health=f"http://{reach(host)}:{ports[f'{name}_port']}/health",
    )


def reach(host: str) -> str:
    """The address under which this machine reaches a part that listens on `host`."""
    return "127.0.0.1" if host in {"0.0.0.0", "::", ""} else host  # noqa: S104 - compared, not bound


def table(
    settings: Settings, names: tuple[str, ...], ports: Mapping[str, int], password: str, key: str
) -> tuple[Part, ...]:
    """The parts with these names, ready to be supervised."""
    parts = []
    if "kafka" in names:
        command = kafka.start_command(broker(settings, ports))
        parts.append(Part("kafka", Stage.BASE, tuple(command), grace_s=6))
    if "postgres" in names:
        found = server(settings, ports, password)
        command = postgres.as_account(found.who, postgres.start_command(found), "INT")
        parts.append(Part("postgres", Stage.BASE, tuple(command), "INT", orphan_signal="", grace_s=6, folder=Path("/")))
    if "embedding" in names:
        port = ports["embedding_port"]
        parts.append(
            Part(
                "embedding",
                Stage.APPS,
                embedding_command(settings, port),
                environment={"MUNIMENT_EMBEDDING_SERVER_KEY": key},
                health=f"http://127.0.0.1:{port}/health",
            )
        )
    parts += [own_part(name, settings, ports) for name in OWN if name in names]
    return tuple(parts)
