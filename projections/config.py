"""What the projections need to be told."""

from dataclasses import dataclass

from muniment.projections.registry import DEFAULT_DIMENSIONS


@dataclass(frozen=True)
class ProjectionsConfig:
    """Settings of a process that runs projections.

    Attributes:
        bootstrap: The broker's address.
        database_url: Postgres, as a URL.
        dimensions: Length of the vectors that search takes; others are kept out of it.
        names: Which projections to run; empty for all.
        batch_records: Most records in one transaction.
        group: Consumer group, to which the projection's name is added.
        topic_prefix: Put before every topic name on the broker; empty but in tests that share one broker.
        reconcile_every_s: Time between two slices of the comparison with the log; 0 turns it off.
        backoff_s: First and longest wait when Postgres or the broker is away.

    """

    bootstrap: str
    database_url: str
    dimensions: int = DEFAULT_DIMENSIONS
    names: tuple[str, ...] = ()
    batch_records: int = 500
    group: str = "muniment.projections"
    topic_prefix: str = ""
    reconcile_every_s: float = 0.0
    backoff_s: tuple[float, float] = (0.1, 5.0)
