"""The shapes of what health tells."""

from typing import Annotated, Any

from pydantic import Field

from muniment.api.answers import Answer


class Part(Answer):
    """How a part is. `facts` are numbers and names about it."""

    status: str = Field(examples=["ok"])
    took_ms: float
    facts: dict[str, Any] = Field(default_factory=dict)


class Health(Answer):
    """Whether requests are served: `ok`, `degraded` (optional parts away) or `failing`."""

    status: Annotated[str, Field(examples=["ok"])]


class WorkerSystem(Answer):
    """Who does the work. What this process does not know is empty."""

    enabled: bool | None = Field(description="Whether worker processes run the steps: the flag `durable_worker`")
    type: str | None = Field(
        description="`faust`: in worker processes; `inline`: in those of the API, while `durable_worker` is off",
        examples=["faust"],
    )
    workers: int | None = Field(description="Processes that run the steps, as the broker tells")
    queue_length: int | None = Field(description="Jobs of all tenants that have not ended")


class Operating(Answer):
    """What operators, brakes and breakers have changed from the ordinary, as the read models know it."""

    halted_steps: list[str] = Field(description="Steps that take no records", examples=[["embedding"]])
    open_breakers: list[str] = Field(description="Outside services that are not called", examples=[["embedding"]])
    flags: dict[str, bool] = Field(description="Every flag", examples=[{"outbox": False}])
    dead_letters_waiting: int = Field(description="Dead letters of all tenants that an operator has to decide on")


class DetailedHealth(Health):
    """All parts, and what this process uses."""

    version: str
    uptime_s: float
    parts: dict[str, Part]
    worker_system: WorkerSystem
    memory: dict[str, float]
    cpu: dict[str, float]
    connections: dict[str, int]
    projection_lag: dict[str, int]
    operations: Operating | None = Field(default=None, description="Empty while the read models are away")
