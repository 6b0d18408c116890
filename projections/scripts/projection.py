"""The scripts read model."""

from collections.abc import Sequence
from typing import ClassVar

from muniment.projections.past_rows import ranges
from muniment.projections.projection import Connection, Item, Projection
from muniment.projections.scripts import store
from muniment.projections.scripts.timeline import folded
from muniment.schemas.codec import Envelope
from muniment.schemas.projects import EpisodeDeleted, ProjectDeleted
from muniment.schemas.script_costs import DraftCharged
from muniment.schemas.scripts import (
    CitationsChecked,
    DraftCancelled,
    DraftCommitted,
    DraftDiscarded,
    DraftErased,
    DraftFailed,
    DraftPrompted,
    DraftRefused,
    DraftRequested,
    DraftRevised,
    DraftWritten,
)
from muniment.schemas.topics import PROJECTS

_GONE = (EpisodeDeleted, ProjectDeleted)
_THERE = "requested_at is not null and state <> 'deleted'"


class Scripts(Projection):
    """Drafts, their citations, sources and costs, and the numbered versions of each episode's script.

    The prompt itself is not among it: an auditor is shown the record on the log, whose place is.
    """

    name = "scripts"
    version = 3
    topics = (PROJECTS,)
    handles = (
        DraftRequested,
        DraftPrompted,
        DraftWritten,
        DraftCharged,
        DraftRefused,
        DraftCancelled,
        DraftFailed,
        DraftRevised,
        CitationsChecked,
        DraftCommitted,
        DraftDiscarded,
        DraftErased,
        *_GONE,
    )
    tables = (
        "drafts",
        "passages",
        "citations",
        "sources",
        "charges",
        "commits",
        "heads",
        "past_drafts",
        "past_passages",
        "past_citations",
        "past_sources",
        "past_charges",
        "past_commits",
    )
    unopened = (DraftPrompted, *_GONE)
    views: ClassVar = {
        "drafts": "select * from {schema}.drafts where " + _THERE,  # noqa: S608 - ours
        "draft_ranges": ranges("drafts", _THERE),
        "draft_passages": "select * from {schema}.passages",
        "draft_passage_ranges": ranges("passages"),
        "draft_citations": "select * from {schema}.citations",
        "draft_citation_ranges": ranges("citations"),
        "draft_sources": "select * from {schema}.sources",
        "draft_source_ranges": ranges("sources"),
        "draft_charges": "select * from {schema}.charges",
        "draft_charge_ranges": ranges("charges"),
        "script_versions": "select * from {schema}.commits",
        "script_version_ranges": ranges("commits"),
    }

    async def apply(self, connection: Connection, schema: str, batch: Sequence[Item]) -> object:
        """See `Projection.apply`."""
        items = [item for item in batch if isinstance(item, Envelope)]
        before = await store.load(connection, schema, items)
        after, past = folded(before, items)
        await store.save(connection, schema, before, after, past)
        return None
