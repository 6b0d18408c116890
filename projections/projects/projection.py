"""The projects read model."""

from collections.abc import Sequence
from typing import Any, ClassVar

from muniment.projections.past_rows import ranges
from muniment.projections.projection import Connection, Item, Projection
from muniment.projections.projects import store
from muniment.projections.projects.evolve import SAID_OF_DRAFTS
from muniment.projections.projects.state import Project
from muniment.projections.projects.timeline import folded
from muniment.projections.ranged import Past
from muniment.projections.rows import storable
from muniment.schemas.codec import Envelope
from muniment.schemas.projects import (
    EpisodeArchived,
    EpisodeCreated,
    EpisodeDeleted,
    EpisodeMoved,
    EpisodeUpdated,
    ProjectArchived,
    ProjectCommandRejected,
    ProjectCreated,
    ProjectDeleted,
    ProjectDocumentsChanged,
    ProjectUpdated,
)
from muniment.schemas.scripts import (
    DraftCancelled,
    DraftCommitted,
    DraftDiscarded,
    DraftRequested,
    DraftRevised,
)
from muniment.schemas.topics import PROJECTS

_OF_DRAFTS = (DraftRequested, DraftRevised, DraftCancelled, DraftDiscarded)


class Projects(Projection):
    """Projects, episodes, the documents of a project, and what became of each command about any of it, or a draft.

    A command is decided once, so what it led to is folded once, however often the log says it.
    """

    name = "projects"
    version = 2
    topics = (PROJECTS,)
    handles = (
        ProjectCreated,
        ProjectUpdated,
        ProjectArchived,
        ProjectDeleted,
        ProjectDocumentsChanged,
        EpisodeCreated,
        EpisodeUpdated,
        EpisodeMoved,
        EpisodeArchived,
        EpisodeDeleted,
        ProjectCommandRejected,
        DraftCommitted,
        *_OF_DRAFTS,
        *SAID_OF_DRAFTS,
    )
    # Searches are narrowed to the documents of a project.
    answered_from = True
    unopened = (ProjectDeleted, EpisodeDeleted, *_OF_DRAFTS, *SAID_OF_DRAFTS)
    tables = (
        "projects",
        "orders",
        "episodes",
        "members",
        "past_projects",
        "past_orders",
        "past_episodes",
        "past_members",
        "happened",
        "decisions",
    )
    views: ClassVar = {
        "projects": "select * from {schema}.projects where deleted_at is null",
        "project_ranges": ranges("projects", "deleted_at is null"),
        "episode_orders": "select * from {schema}.orders",
        "episode_order_ranges": ranges("orders"),
        "episodes": "select * from {schema}.episodes",
        "episode_ranges": ranges("episodes"),
        "project_documents": "select * from {schema}.members",
        "project_document_ranges": ranges("members"),
        "project_events": "select * from {schema}.happened",
        "project_decisions": "select * from {schema}.decisions",
    }

    async def apply(self, connection: Connection, schema: str, batch: Sequence[Item]) -> object:
        """See `Projection.apply`."""
        new: dict[store.Key, list[Envelope]] = {}
        for item in batch:
            if not isinstance(item, Envelope):
                continue
            told = isinstance(item.event, SAID_OF_DRAFTS)
            if told or await store.is_new(connection, schema, _decision(item)):
                await store.happened(connection, schema, _said(item))
                new.setdefault(store.key_of(item), []).append(item)
        before = await store.load(connection, schema, new)
        after, past = dict[store.Key, Project](), list[Past]()
        for key, items in new.items():
            after[key], ended = folded(before[key], items)
            past += ended
        await store.save(connection, schema, before, after, past)
        return None


def _decision(item: Envelope) -> tuple[Any, ...]:
    event, meta = item.event, item.meta
    tenant, project_id = store.key_of(item)
    return (
        meta.causation_id,
        tenant,
        project_id,
        getattr(event, "episode_id", None),
        getattr(event, "draft_id", None),
        event.declaration.name,
        getattr(event, "code", ""),
        getattr(event, "revision", 0),
        meta.time,
    )


def _said(item: Envelope) -> tuple[Any, ...]:
    event, meta, record = item.event, item.meta, item.record
    named = [getattr(event, name, None) for name in ("episode_id", "draft_id", "job_id", "revision", "number", "code")]
    place = *store.key_of(item), record.partition or 0, record.offset or 0
    return (meta.event_id, *place, event.declaration.name, *named, storable(meta.actor), meta.time)
