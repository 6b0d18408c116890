"""Every version of every event that was ever committed: its bytes still decode, and whoever folds it takes it.

The bytes are those of `schemas/golden`, which `make schemas` writes once for each version and never again.
"""

from typing import get_args
from uuid import UUID

import pytest
from support.golden_records import KEYS, record

from muniment.producers.operations.state import OperationsState, fold
from muniment.projections.documents.evolve import evolve as evolve_document
from muniment.projections.documents.projection import Documents
from muniment.projections.documents.state import Document, Head
from muniment.projections.history.entry import entry_of
from muniment.projections.jobs.evolve import evolve as evolve_job
from muniment.projections.jobs.facts import facts_of
from muniment.projections.jobs.state import Job
from muniment.projections.operations.entry import KINDS
from muniment.projections.operations.entry import entry_of as operation_of
from muniment.projections.projects import timeline as of_projects
from muniment.projections.projects.projection import Projects
from muniment.projections.projects.state import Project
from muniment.projections.scripts import timeline as of_scripts
from muniment.projections.scripts.projection import Scripts
from muniment.schemas import codec, example
from muniment.schemas.event import REGISTRY, DocumentEvent
from muniment.schemas.personal import REDACTED
from muniment.stream_apps.deciding import decider as deciding
from muniment.stream_apps.deciding.state import Asked, initial_state
from muniment.stream_apps.erasing import decider as erasing


def test_no_version_was_taken_back() -> None:
    """What was ever committed is still declared: its records are on somebody's log."""
    assert set(KEYS) == set(REGISTRY), "run `make schemas`; a version that was committed stays declared"


@pytest.mark.parametrize("readable", [True, False], ids=["readable", "erased"])
@pytest.mark.parametrize("key", KEYS)
def test_a_version_decodes_and_folds(key: str, *, readable: bool) -> None:
    """As the newest version of its event, through the pure folds of read models and deciders, with its key or not."""
    envelope = codec.decode(record(key), lambda _: example.KEY if readable else None)
    event, meta = envelope.event, envelope.meta
    declared = event.declaration
    assert declared.version == max(d.version for d in REGISTRY.values() if d.name == declared.name)
    if not readable:
        assert all(getattr(event, name) is REDACTED for name, _ in declared.personal)
    fold(OperationsState(), event, meta)
    if type(event) in KINDS:
        assert operation_of(envelope).tenant == meta.tenant
    if isinstance(event, DocumentEvent):
        _folds_as_of_a_document(envelope, meta.correlation_id)
    if isinstance(event, Projects.handles):
        project, _ = of_projects.folded(Project(), [envelope])
        assert (project != Project()) == (declared.name == "ProjectCreated")
    if isinstance(event, Scripts.handles):
        known, past = of_scripts.folded(of_scripts.Known(), [envelope])
        assert of_scripts.folded(known, [envelope]) == (known, [])
        assert (past, len(known.heads)) == ([], 1)
    if isinstance(event, get_args(erasing.Decision)):
        erasing.evolve(None, event, meta.tenant, meta.actor)


def _folds_as_of_a_document(envelope: codec.Envelope, job_id: UUID) -> None:
    event, tenant = envelope.event, envelope.meta.tenant
    blank = Document(Head(tenant, envelope.document_id))
    after = evolve_document(blank, event, envelope.meta.time)
    if isinstance(event, Documents.handles) and getattr(event, "version", 0):
        assert after != blank
    for fact in facts_of(envelope):
        job = Job(fact.job_id, tenant, envelope.document_id)
        assert evolve_job(evolve_job(job, fact), fact) == evolve_job(job, fact)
    entry = entry_of(envelope.record)
    assert entry is not None
    assert (entry.event, entry.job_id) == (event.declaration.name, job_id)
    if isinstance(event, get_args(deciding.Decision | deciding.Outcome)):
        deciding.evolve(initial_state(), event, Asked(job_id))
    if isinstance(event, get_args(deciding.Command)):
        assert deciding.decide(event, initial_state(), Asked(job_id)) is not None
