"""What a host needs to know. Filled from the project's typed settings where everything is wired together."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from muniment.schemas.metadata import LANES, NORMAL
from muniment.stream_apps.retrying.policy import Limits

BULK = LANES[-1]


def named(app: str, lane: str) -> str:
    """What an app is called in a lane: in the normal one, as if there were no others."""
    return app if lane == NORMAL else f"{app}.{lane}"


@dataclass(frozen=True, slots=True)
class HostSettings:
    """How steps are run.

    Attributes:
        bootstrap: Addresses of the broker, `host:port`, separated by commas.
        group_prefix: Consumer groups are `<prefix>.<step>`, and `<prefix>.retrying` for the mover.
        lanes: The lanes whose hosts this process runs; a deployment can give each lane processes of its own.
        concurrency: Records of one step and lane worked on at once, each document's in order.
        bulk_concurrency: The same for the bulk lane: it leaves connections and turns to what somebody waits for.
        window: Records of one step between taking in and acknowledgement; a partition is held at a sixteenth of it.
        window_bytes: The same in bytes of their values.
        session_timeout_s: After so long a killed worker's partitions go to another.
        rebalance_grace_s: How long running work may go on when partitions move; then it is cancelled and repeated.
        stop_grace_s: The same when the process is asked to stop.
        retry: Tiers, deadline and jitter of the retries.
        together: Names of steps that share one app and consumer group, named after the first; every other step has
            its own. Sharing saves reading a common topic twice; a step with a backlog then holds up its fellows.
        move_retries: Whether this process also runs a mover of the retry tiers.
        health_host: Where `/health` and `/metrics` listen.
        health_port: Their port; `None` for neither.

    """

    bootstrap: str
    group_prefix: str = "muniment"
    lanes: tuple[str, ...] = LANES
    concurrency: int = 16
    bulk_concurrency: int = 4
    window: int = 2048
    window_bytes: int = 64 * 1024 * 1024
    session_timeout_s: float = 10.0
    rebalance_grace_s: float = 10.0
    stop_grace_s: float = 4.0
    retry: Limits = field(default_factory=Limits)
    together: tuple[tuple[str, ...], ...] = ()
    move_retries: bool = True
    health_host: str = "127.0.0.1"
    health_port: int | None = None

    def apps(self, names: Sequence[str]) -> list[tuple[str, ...]]:
        """The steps of these names by the app they run in, in order."""
        left = list(names)
        found = []
        for name in names:
            mates = next((group for group in self.together if name in group), (name,))
            here = tuple(n for n in mates if n in left)
            if here:
                found.append(here)
                left = [n for n in left if n not in here]
        return found

    def concurrency_of(self, lane: str | None) -> int:
        """Records worked on at once in a lane's host."""
        return self.bulk_concurrency if lane == BULK else self.concurrency

    def group(self, name: str) -> str:
        """The consumer group of a step in a lane (`named`), or of `retrying`."""
        return f"{self.group_prefix}.{name}"
