"""What a projection is: a fold of the log into tables of its own schema, which readers see through stable views."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, ClassVar

from muniment.schemas.codec import Envelope
from muniment.schemas.event import Event
from muniment.schemas.record import Record
from muniment.schemas.topics import Topic

Connection = Any
"""An asyncpg connection: the pool hands out proxies that share no public base class with it."""

Item = Envelope | Record
"""What a fold is given: a decoded event, or the bare record of a topic that is read by its headers alone."""


class Projection(ABC):
    """One read model.

    Attributes:
        name: How readers and the command line call it; the views in schema `read` are stable under it.
        version: Raised when the tables change their meaning; part of the name of the Postgres schema.
        topics: What it reads.
        raw_topics: Those of them whose records are folded by their headers, undecoded.
        handles: The events it folds; others pass it by undecoded.
        tables: Its tables that are functions of the log: what a replay is compared by.
        keys: The columns that name a row of a table that has no primary key.
        not_from_log: Tables and columns (`table.column`) that are no functions of the log, each with the reason; they
            are not compared.
        fading: Tables and columns (`table.column`) that depend on topics which keep their records for a time only:
            compared as long as these topics have lost nothing.
        by_document: Each row depends only on the records of its own document, and on those that are about no document:
            so it can be compared with the log partition by partition.
        answered_from: Answers that readers are given from its tables may be kept: a fold says whose do not hold any
            more (see `generations`).
        unopened: Events of whose sealed fields it looks at none, so that they need not be opened.
        views: Name in schema `read` to the query behind it, with `{schema}` for the live schema.

    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    topics: ClassVar[tuple[Topic, ...]]
    raw_topics: ClassVar[frozenset[str]] = frozenset()
    handles: ClassVar[tuple[type[Event], ...]]
    tables: ClassVar[tuple[str, ...]]
    keys: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    not_from_log: ClassVar[Mapping[str, str]] = {}
    fading: ClassVar[Mapping[str, tuple[Topic, ...]]] = {}
    by_document: ClassVar[bool] = False
    unopened: ClassVar[tuple[type[Event], ...]] = ()
    answered_from: ClassVar[bool] = False
    views: ClassVar[Mapping[str, str]]

    @cached_property
    def schema_sql(self) -> str:
        """The tables, from the `schema.sql` beside the projection; `{schema}` stands for the schema."""
        return self._file("schema.sql")

    @cached_property
    def index_sql(self) -> str:
        """Indexes that only readers need, from `indexes.sql`: a rebuild makes them after the load; often none."""
        return self._file("indexes.sql") if self._beside("indexes.sql").is_file() else ""

    @cached_property
    def handled(self) -> frozenset[str]:
        """The names of the events it folds, as the CloudEvents type has them."""
        return frozenset(cls.declaration.name for cls in self.handles)

    @cached_property
    def closed(self) -> frozenset[str]:
        """The names of the events whose sealed fields need not be opened."""
        return frozenset(cls.declaration.name for cls in self.unopened)

    def not_read(self, topic: str) -> str:
        """Why a place of this topic says nothing to it; empty for a topic that it reads."""
        names = [one.name for one in self.topics]
        return "" if topic in names else f"{self.name} does not read {topic}; it reads {', '.join(names)}"

    @abstractmethod
    async def apply(self, connection: Connection, schema: str, batch: Sequence[Item]) -> object:
        """Fold a batch, inside the caller's transaction; records of one partition come in their order.

        Must be idempotent: an event that was folded before, at this offset or an earlier one, changes nothing.
        What it returns goes to `observe` once the transaction is committed.
        """

    def observe(self, result: object) -> None:  # noqa: B027 - most projections count nothing
        """Count what `apply` did; called after the commit, in continuous mode only."""

    async def measure(self, connection: Connection, schema: str) -> None:  # noqa: B027 - nor have a gauge
        """Set gauges from the tables; called now and then."""

    def _file(self, name: str) -> str:
        return self._beside(name).read_text("utf-8")

    def _beside(self, name: str) -> Traversable:
        return files(type(self).__module__.rpartition(".")[0]) / name
