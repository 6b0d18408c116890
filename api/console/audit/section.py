"""The pages of auditing."""

from muniment.api.console.audit import entities, evidence, overview, past, replays, things, tracing, trail
from muniment.api.console.audit.lineage.documents import OF_DOCUMENTS
from muniment.api.console.audit.lineage.relations import RELATIONS
from muniment.api.console.audit.lineage.scripts import OF_SCRIPTS
from muniment.api.console.audit.state_texts import STATE_TEXTS
from muniment.api.console.audit.texts import TEXTS
from muniment.api.console.audit.then_texts import THEN_TEXTS
from muniment.api.console.page import Page, Section
from muniment.api.keys import Scope

RELATIONS.extend((*OF_DOCUMENTS, *OF_SCRIPTS))
AUDIT = Scope.AUDIT
PAGES = (
    Page("/audit", "consoleAudit", overview.show_overview, AUDIT, title="audit.overview", nav=True, sample="/audit"),
    Page("/audit/find", "consoleFind", entities.find, AUDIT),
    Page(
        "/audit/documents/{document_id}",
        "consoleDocumentLife",
        entities.show_document,
        AUDIT,
        title="audit.timeline",
        sample="/audit/documents/{document_id}",
    ),
    Page("/audit/documents/{document_id}/then", "consoleDocumentThen", entities.document_then, AUDIT),
    Page(
        "/audit/jobs/{job_id}",
        "consoleJobLife",
        entities.show_job,
        AUDIT,
        title="audit.timeline",
        sample="/audit/jobs/{job_id}",
    ),
    Page("/audit/past", "consolePast", past.show_past, AUDIT, title="audit.past", nav=True, sample="/audit/past"),
    Page(
        "/audit/lineage",
        "consoleSentence",
        tracing.show_search,
        AUDIT,
        title="audit.lineage",
        nav=True,
        sample="/audit/lineage?q=days+of+leave",
    ),
    Page(
        "/audit/lineage/{document_id}",
        "consoleLineage",
        tracing.show_lineage,
        AUDIT,
        title="audit.lineage",
        sample="/audit/lineage/{document_id}?version=1&passage=0&q=days+of+leave",
    ),
    Page("/audit/lineage/drafts/{draft_id}", "consoleDraftLineage", tracing.show_draft, AUDIT, title="audit.lineage"),
    Page("/audit/projects/{project_id}", "consoleProjectLife", entities.show_project, AUDIT, title="audit.timeline"),
    Page("/audit/episodes/{episode_id}", "consoleEpisodeLife", entities.show_episode, AUDIT, title="audit.timeline"),
    Page("/audit/drafts/{draft_id}", "consoleDraftLife", entities.show_draft, AUDIT, title="audit.timeline"),
    Page("/audit/projects/{project_id}/then", "consoleProjectThen", things.project_then, AUDIT),
    Page("/audit/episodes/{episode_id}/then", "consoleEpisodeThen", things.episode_then, AUDIT),
    Page("/audit/drafts/{draft_id}/then", "consoleDraftThen", things.draft_then, AUDIT),
    Page("/audit/replays", "consoleReplays", replays.show_replays, AUDIT, title="audit.replays", nav=True),
    Page(
        "/audit/evidence",
        "consoleEvidence",
        evidence.show_evidence,
        AUDIT,
        title="audit.evidence",
        nav=True,
        sample="/audit/evidence",
    ),
    Page("/audit/proof", "consoleProof", evidence.download_proof, AUDIT),
    Page(
        "/audit/checkpoints/{topic}/{partition}",
        "consoleCheckpoints",
        evidence.show_checkpoints,
        AUDIT,
        title="audit.checkpoints",
    ),
    Page("/audit/trail", "consoleTrail", trail.show_trail, AUDIT, title="audit.trail", nav=True),
    Page("/audit/trail/export", "consoleTrailExport", trail.export_trail, AUDIT),
)
AUDITING = Section("audit", "audit", PAGES, {**TEXTS, **THEN_TEXTS, **STATE_TEXTS})
