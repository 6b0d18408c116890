"""Every table that may hold something of a document in the clear, or a key: which store of an erasure looks after it.

A table is named as `schema.table`; those of a read model by the model's name, whatever version of it is live. A test
compares this with the tables that there are: a new one is an entry here, in one of the two lists.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A table of a read model, and what is personal in it.

    Attributes:
        store: The store that reports it.
        table: Its name.
        model: The read model whose schema it is in.
        held: SQL: which rows hold something personal.
        blanked: What to set in such a row; empty where the whole row goes.
        version: SQL: of which version of the document a row is; 0 where it says none.

    """

    store: str
    model: str
    table: str
    held: str = "true"
    blanked: str = ""
    version: str = "version"


_NAMES = "title is not null or file_name is not null or metadata <> '{}' or findings <> '{}'"
_REASON = "error_code = 'job_cancelled' and error is not null"
_NO_NAMES = "title = null, file_name = null, metadata = '{}', findings = '{}'"

READ_MODELS = (
    Place("names and labels", "documents", "documents", _NAMES, _NO_NAMES, "latest_version"),
    Place(
        "names and labels", "documents", "versions", f"{_NAMES} or reason is not null", f"{_NO_NAMES}, reason = null"
    ),
    Place("names and labels", "documents", "past_documents", _NAMES, _NO_NAMES, "latest_version"),
    Place(
        "names and labels",
        "documents",
        "past_versions",
        f"{_NAMES} or reason is not null",
        f"{_NO_NAMES}, reason = null",
    ),
    Place("jobs", "jobs", "jobs", _REASON, "error = null", "coalesce(version, 0)"),
    Place("jobs", "jobs", "past_jobs", _REASON, "error = null", "coalesce(version, 0)"),
    Place("live streams", "jobs", "feed", "position('\"job_cancelled\"' in job) > 0", version="0"),
    Place("search texts", "chunks", "chunk_texts"),
    Place("search texts", "chunks", "past_texts"),
    Place("search vectors", "chunks", "chunk_vectors"),
    Place("search vectors", "chunks", "past_vectors"),
    Place("search vectors", "chunks", "model_vectors"),
    Place("predictions", "predictions", "phrases"),
)
"""The read models. Their own folds remove this; the store proves it, and looks after versions that nobody folds."""

OF_DRAFTS: Mapping[str, str] = {"scripts.drafts": "drafts", "scripts.past_drafts": "drafts"}
"""Tables of read models by draft, and the store that looks after them: a draft goes with the documents behind it."""

HOUSE: Mapping[str, str] = {
    "muniment_keys.data_keys": "keys",
    "muniment_keys.subjects": "persons",
    "muniment_deciding.state": "work under way",
    "muniment_deciding.outbox": "work under way",
    "muniment_parking.records": "work under way",
    "muniment_operating.letters": "work under way",
    "muniment_indexing.batches": "work under way",
    "muniment_indexing.totals": "work under way",
    "muniment_claims.claims": "blobs",
    "muniment_access.idempotency": "answers to requests",
    "muniment_access.outbox": "answers to requests",
    "muniment_caching.answers": "kept answers",
    "muniment_caching.questions": "past questions",
}
"""Our own tables, by the store that looks after them."""

NOTHING_PERSONAL: Mapping[str, str] = {
    "muniment_keys.tenant_keys": "a tenant's own secret: not of a document",
    "muniment_claims.closed": "ids of jobs",
    "muniment_deciding.inbox": "ids of commands",
    "muniment_deciding.repeats": "places of the log",
    "muniment_deciding.cancelled": "ids of jobs",
    "muniment_limits.buckets": "counters",
    "muniment_limits.spending": "sums a tenant, project and day",
    "muniment_access.api_keys": "keys of the API",
    "muniment_access.sessions": "who is signed in, under a name of the house, until the session ends",
    "muniment_access.sign_in_attempts": "how often signing in was tried from a network, for a minute",
    "muniment_access.remembered_flags": "flags",
    "muniment_parking.heads": "ids of records that wait",
    "muniment_parking.running": "names of steps",
    "muniment_parking.pauses": "names of steps",
    "muniment_operating.inbox": "ids of commands",
    "muniment_operating.outbox": "operations: reasons and names of the house",
    "muniment_operating.announcements": "operations: reasons and names of the house",
    "muniment_operating.redrives": "operations: reasons and names of the house",
    "muniment_erasing.inbox": "ids of commands",
    "muniment_erasing.outbox": "erasures: reasons of the house, persons as tags",
    "muniment_erasing.erasures": "erasures: reasons of the house, persons as tags",
    "muniment_erasing.reports": "erasures: counts",
    "muniment_projects.inbox": "ids of commands",
    "muniment_projects.state": "ids, numbers and states of projects, episodes and drafts",
    "muniment_projects.outbox": "sealed under keys of projects and drafts, until the log has it",
    "muniment_operating.embedding_models": "names and addresses of models",
    "muniment_operating.live_model": "names of models",
    "muniment_sealing.*": "hashes of sealed records, and what was signed of them: no proof may break",
    "muniment_watch.*": "names and settings of topics",
    "muniment_scripts.sources": "ids of drafts, and of the documents behind them",
    "muniment_generating.drafts": "ids of drafts; an answer sealed under its draft's key, until the log has it",
    "muniment_generating.charges": "ids of drafts, what a call cost, and its answer sealed, until the log has it",
    "muniment_caching.generations": "a number a tenant",
    "public.muniment_migrations": "names of migrations",
    "read.live": "which schema is live",
    "read.rebuilds": "which schema is being filled",
    "read.kept": "which schemas are kept",
    "*.checkpoints": "places on the log",
    "*.parked": "places on the log, and errors without anybody's text",
    "documents.failures": "codes and errors without anybody's text",
    "chunks.heads": "version numbers",
    "chunks.indexed": "counts",
    "chunks.batches": "counts",
    "chunks.seen": "version numbers and moments",
    "chunks.embedding_models": "names and addresses of models",
    "chunks.embedding_live": "names of models",
    "chunks.vector_batches": "counts",
    "projects.projects": "titles and descriptions of projects, which are of no document",
    "projects.episodes": "titles and briefs of episodes, which are of no document",
    "projects.orders": "ids of episodes",
    "projects.members": "ids of documents: nothing of what was in them",
    "projects.past_projects": "titles and descriptions of projects, which are of no document",
    "projects.past_orders": "ids of episodes",
    "projects.past_episodes": "titles and briefs of episodes, which are of no document",
    "projects.past_members": "ids of documents: nothing of what was in them",
    "projects.decisions": "ids of commands, and codes",
    "projects.happened": "ids, numbers and codes, who asked",
    "predictions.heads": "version numbers",
    "history.events": "places on the log, codes, who asked",
    "audit.entries": "who asked for what: names of keys, ids, keyed marks; proof that it happened, so it stays",
    "dead_letters.dead_letters": "codes, places, and errors without anybody's text",
    "dead_letters.fates": "reasons of the house",
    "dead_letters.seen": "ids",
    "operations.operations": "reasons and names of the house",
    "operations.failures": "ids",
    "scripts.passages": "places in documents, and scores",
    "scripts.citations": "places in documents and drafts",
    "scripts.sources": "ids of drafts, and of the documents behind them",
    "scripts.commits": "ids of drafts, numbers, and who asked",
    "scripts.heads": "places on the log",
    "scripts.past_passages": "places in documents, and scores",
    "scripts.past_citations": "places in documents and drafts",
    "scripts.past_sources": "ids of drafts, and of the documents behind them",
    "scripts.charges": "ids of drafts, and what calls cost",
    "scripts.past_charges": "ids of drafts, and what calls cost",
    "scripts.past_commits": "ids of drafts, numbers, and who asked",
    "erasures.erasures": "erasures: reasons of the house, persons as tags",
    "erasures.stores": "erasures: counts",
    "erasures.refusals": "erasures: reasons of the house",
}
"""Tables with text in them that says nothing about a document's content or anybody in it, and why."""
