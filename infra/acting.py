"""What a command line does directly, past the API, leaves entries in the trail: one before it is done, one after.

They go to the spool first, as everywhere: the log may be away, or not even run yet. Then they are brought to the log,
if that answers within a moment; if not, the next process of this installation does it.
"""

import asyncio
import getpass
import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import structlog
from uuid_utils.compat import uuid7

from muniment.api.auditing.entry import Asked, entry
from muniment.infra.settings import Settings
from muniment.infra.trailing import trail_folder
from muniment.producers.kafka import KafkaPublisher
from muniment.producers.trail.delivering import deliver
from muniment.producers.trail.spool import Spool
from muniment.schemas.audit import HOUSE, MOST_DOCUMENTS, DocumentTouched, Outcome
from muniment.schemas.errors import StepFailure
from muniment.schemas.record import Record

SOURCE = "muniment.cli"
AGENT = "muniment"
CONFIRM_S = 3.0


@dataclass
class Act:
    """What is being done; what is found out meanwhile may be filled in.

    Attributes:
        action: What, as `noun.verb`.
        kind: What sort of thing it is done to.
        entity: Its id or name.
        tenant: Whose it is.
        reason: Why.
        documents: What is shown or changed by it; an ordered set.
        of_tenants: The same act in the trails of the tenants whom it is done to, see `touches`.
        begins: Enters the beginning of an act; there while this one is under way.

    """

    action: str
    kind: str = ""
    entity: str = ""
    tenant: str = HOUSE
    reason: str = ""
    documents: dict[UUID, None] = field(default_factory=dict)
    of_tenants: dict[str, "Act"] = field(default_factory=dict)
    begins: "Callable[[Act], None] | None" = None

    def touches(self, tenant: str, documents: Iterable[UUID] = ()) -> None:
        """It is done to that tenant, and to these documents of it: that is in the tenant's own trail, too.

        There its beginning is entered before this returns, with each document that is new, whatever becomes of this
        process; its end with that of the whole. Of what is in the house's trail no tenant is shown why, or to which
        documents: it may have been done to others.
        """
        found = dict.fromkeys(documents)
        self.documents |= found
        if tenant == self.tenant:
            return
        first = tenant not in self.of_tenants
        if first:
            self.of_tenants[tenant] = replace(self, tenant=tenant, documents={}, of_tenants={}, begins=None)
        known = self.of_tenants[tenant]
        new = [one for one in found if one not in known.documents]
        # The first entry is made without a document, too.
        for start in range(0, max(len(new), int(first)), MOST_DOCUMENTS):
            known.enter(self.begins, new[start : start + MOST_DOCUMENTS])

    def enter(self, begins: "Callable[[Act], None] | None", documents: Sequence[UUID]) -> None:
        """Enter that it is begun with these documents, and keep them for its end."""
        some = dict.fromkeys(documents)
        if begins is not None:
            begins(replace(self, documents=some, begins=None))
        self.documents |= some

    def each(self) -> "Iterator[Act]":
        """What there is an entry of."""
        yield from (*self.of_tenants.values(), self)


def actor() -> str:
    """Who sits at the command line, as the system knows him."""
    try:
        return f"cli:{getpass.getuser()}"
    except (OSError, KeyError):
        return "cli:unknown"


@contextmanager
def acting(
    settings: Settings,
    action: str,
    *,
    kind: str = "",
    entity: str = "",
    tenant: str = HOUSE,
    reason: str = "",
    documents: Iterable[UUID] = (),
) -> Iterator[Act]:
    """Do inside what the trail has to tell of. What is raised inside is told as `failed`, and goes on.

    Raises:
        OSError: the trail cannot be written; nothing is done then.

    """
    folder = trail_folder(settings)
    try:
        with entering(folder, Act(action, kind, entity, tenant, reason, dict.fromkeys(documents))) as act:
            yield act
    finally:
        if settings.kafka_bootstrap:
            asyncio.run(_deliver(folder, settings.kafka_bootstrap))


@contextmanager
def entering(folder: Path, act: Act) -> Iterator[Act]:
    """The same for what has the spool at hand; whoever runs next brings the entries to the log."""
    spool = Spool(folder)
    outcome = Outcome.FAILED
    act.begins = lambda one: spool.append(_entry(one, Outcome.BEGUN))
    try:
        for one in act.each():
            act.begins(one)
        yield act
        outcome = Outcome.DONE
    finally:
        act.begins = None
        for one in act.each():
            spool.append(_entry(one, outcome))
        spool.close(remove=False)


async def _deliver(folder: Path, bootstrap: str) -> None:
    if not structlog.is_configured():
        # What a command prints is its product, and may be JSON: remarks do not belong into it.
        quiet = structlog.make_filtering_bound_logger(logging.WARNING)
        structlog.configure(wrapper_class=quiet, logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    # What does not go now lies in the folder for the next process.
    with suppress(StepFailure, TimeoutError):
        async with KafkaPublisher(bootstrap, client_id="muniment-cli", confirm_s=CONFIRM_S) as log:
            await deliver(folder, log)


def _entry(act: Act, outcome: Outcome) -> Record:
    asked = Asked(
        tenant=act.tenant,
        actor=actor(),
        source=SOURCE,
        action=act.action,
        kind=act.kind,
        entity=act.entity,
        reason=act.reason,
        user_agent=AGENT,
    )
    touched = [DocumentTouched(one, None, ()) for one in act.documents]
    return entry(asked, outcome, event_id=uuid7(), now=datetime.now(UTC), documents=touched)
