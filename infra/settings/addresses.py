"""Where our own parts listen, and what the embedded ones may take. Port 0 is a free one."""

from pydantic import BaseModel, Field


class Addresses(BaseModel):
    """Our own parts."""

    api_host: str = Field(default="127.0.0.1", description="Address the API listens on (host).")
    api_port: int = Field(default=0, ge=0, le=65535, description="Port of the API; 0 is a free one (port).")
    web_host: str = Field(
        default="127.0.0.1", description="Address on which workers and projections tell their health (host)."
    )
    workers_port: int = Field(default=0, ge=0, le=65535, description="Port of the workers' health and metrics (port).")
    projections_port: int = Field(
        default=0, ge=0, le=65535, description="Port of the projections' health and metrics (port)."
    )
    kafka_port: int = Field(default=0, ge=0, le=65535, description="Port of the embedded broker (port).")
    kafka_controller_port: int = Field(default=0, ge=0, le=65535, description="Port of the embedded controller (port).")
    postgres_port: int = Field(default=0, ge=0, le=65535, description="Port of the embedded Postgres (port).")
    embedding_port: int = Field(default=0, ge=0, le=65535, description="Port of the embedded embedding server (port).")
    kafka_heap_mib: int = Field(default=512, ge=192, description="Heap of the embedded broker (MiB).")
    embedding_threads: int = Field(default=2, ge=1, description="Cores of the embedded embedding server (threads).")
