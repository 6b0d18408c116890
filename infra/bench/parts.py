"""What is measured of the running stack, in order: the one place to add a part; each can be measured alone."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from muniment.infra import bootstrap
from muniment.infra.bench import (
    backlog,
    channels,
    drafting,
    lanes,
    latency,
    promised,
    reading,
    redrive,
    repeats,
    replaying,
    sealing,
    searching,
    streams,
)
from muniment.infra.bench.endpoint import FixedEndpoint
from muniment.infra.bench.figures import Figure
from muniment.infra.bench.floor import Floor
from muniment.infra.bench.ours import Ours
from muniment.infra.settings import Settings

DOCUMENTS = 1500
"""As many as the long form has."""
LIFECYCLES = 27
"""Documents whose lifecycles are replayed, for each one that is timed."""


@dataclass(frozen=True)
class Given:
    """What a part may use: the stack with documents in it, the floor's program beside it, folders for its own files."""

    stack: Ours
    program: Floor | None
    fixed: FixedEndpoint
    settings: Settings
    environment: dict[str, str]
    home: Path
    folder: Path
    files: list[Path]
    documents: dict[UUID, Path]
    seconds: float

    @property
    def small(self) -> Path:
        """Where a part may write documents of its own."""
        return self.folder / "small"

    @property
    def share(self) -> float:
        """How much of the long form this run is, at most all of it."""
        return min(1.0, len(self.files) / DOCUMENTS)

    def part(self, whole: int, least: int = 1) -> int:
        """So much of a whole number as this run is of the long form."""
        return max(least, round(whole * self.share))


@dataclass(frozen=True)
class Part:
    """What is said when it begins, and what it measures; `floor` says that it is nothing without the floor."""

    title: str
    measure: Callable[[Given], Awaitable[list[Figure]]]
    floor: bool = False


def _searching(given: Given) -> Awaitable[list[Figure]]:
    assert given.program is not None
    return searching.measured(given.program, given.stack, given.files)


PARTS = {
    "searching": Part("questions", _searching, floor=True),
    "latency": Part("small documents", lambda g: latency.measured(g.stack, g.files, g.small)),
    "lanes": Part(
        "small documents beside an import",
        lambda g: lanes.measured(g.stack, g.files, g.small, g.part(lanes.IMPORT, 200)),
    ),
    "repeats": Part("the same documents again", lambda g: repeats.measured(g.stack, g.fixed, g.documents, g.seconds)),
    "streams": Part("open streams", lambda g: streams.measured(g.stack, g.home, g.files, g.small)),
    "backlog": Part(
        "beside a retry backlog, and after the end of a worker",
        lambda g: backlog.measured(g.stack, g.settings, g.home, g.environment, g.files),
    ),
    "redrive": Part("dead letters back to their step", lambda g: redrive.measured(g.settings)),
    "promised": Part(
        "times that are promised",
        lambda g: promised.measured(g.stack, g.settings, g.home, g.files, g.small),
    ),
    "replaying": Part("read models anew", lambda g: replaying.measured(g.settings, LIFECYCLES * len(g.files))),
    "proving": Part("a proof over ten million leaves", lambda g: sealing.proving(g.settings, g.home)),
    "reading": Part(
        "documents read over HTTP, beside a bare application",
        lambda g: reading.measured(g.stack, bootstrap.database_url(g.settings)),
    ),
    "channels": Part("live channels", lambda g: channels.measured(g.stack, g.home, g.files, share=g.share)),
    "drafting": Part(
        "drafts",
        lambda g: drafting.measured(g.stack, g.settings, g.files, drafts=g.part(drafting.DRAFTS, drafting.LEAST)),
    ),
}
"""By the name that `--only` takes."""
