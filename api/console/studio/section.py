"""The pages of the Studio."""

from muniment.api.console.page import Page, Section, action
from muniment.api.console.studio import drafts, editing, episodes, members, projects, settling, writing
from muniment.api.console.studio.texts import TEXTS
from muniment.api.keys import Scope

READ, WRITE = Scope.DOCUMENTS_READ, Scope.DOCUMENTS_WRITE
_NEW = "/studio/new"
_PROJECT = "/studio/projects/{project_id}"
_EPISODE = _PROJECT + "/episodes/{episode_id}"
_DRAFT = _EPISODE + "/drafts/{draft_id}"
PAGES = (
    Page("/studio", "consoleProjects", projects.show_projects, READ, "studio.projects", nav=True, sample="/studio"),
    Page(_NEW, "consoleNewProject", projects.new_project, WRITE, title="studio.project.new"),
    action(_NEW, "consoleCreateProject", projects.create, WRITE),
    # A project
    Page(_PROJECT, "consoleProject", projects.show_project, READ, "studio.project", sample=_PROJECT),
    Page(_PROJECT + "/edit", "consoleEditProject", projects.edit_project, WRITE, title="studio.project.edit"),
    action(_PROJECT + "/edit", "consoleUpdateProject", projects.update, WRITE),
    action(_PROJECT + "/archive", "consoleArchiveProject", projects.archive, WRITE),
    Page(_PROJECT + "/delete", "consolePlanDeleteProject", projects.plan_delete, WRITE, title="studio.project.delete"),
    action(_PROJECT + "/delete", "consoleDeleteProject", projects.delete, WRITE),
    Page(_PROJECT + "/documents", "consoleChooseDocuments", members.choose, WRITE, title="studio.choose"),
    action(_PROJECT + "/documents", "consoleChangeDocuments", members.change, WRITE),
    # An episode
    Page(_PROJECT + "/episodes/new", "consoleNewEpisode", episodes.new_episode, WRITE, title="studio.episode.new"),
    action(_PROJECT + "/episodes/new", "consoleCreateEpisode", episodes.create, WRITE),
    Page(_EPISODE, "consoleEpisode", writing.show_episode, READ, "studio.episode", sample=_EPISODE),
    Page(_EPISODE + "/edit", "consoleEditEpisode", episodes.edit_episode, WRITE, title="studio.episode.edit"),
    action(_EPISODE + "/edit", "consoleUpdateEpisode", episodes.update, WRITE),
    action(_EPISODE + "/move", "consoleMoveEpisode", episodes.move, WRITE),
    action(_EPISODE + "/archive", "consoleArchiveEpisode", episodes.archive, WRITE),
    Page(_EPISODE + "/delete", "consolePlanDeleteEpisode", episodes.plan_delete, WRITE, title="studio.episode.delete"),
    action(_EPISODE + "/delete", "consoleDeleteEpisode", episodes.delete, WRITE),
    Page(_EPISODE + "/history", "consoleScriptHistory", writing.show_history, READ, title="studio.history"),
    action(_EPISODE + "/restore", "consoleRestoreScript", settling.restore, WRITE),
    Page(_EPISODE + "/only", "consoleOnlyDocuments", writing.show_only, READ),
    action(_EPISODE + "/generate", "consoleGenerateDraft", writing.generate, WRITE),
    # A draft
    Page(_DRAFT, "consoleDraft", drafts.show_draft, READ, "studio.draft", sample=_DRAFT),
    Page(_DRAFT + "/state", "consoleDraftState", drafts.state, READ),
    Page(_DRAFT + "/citations/{place}", "consoleDraftPassage", drafts.show_passage, READ),
    action(_DRAFT + "/cancel", "consoleCancelDraft", writing.cancel, WRITE),
    Page(_DRAFT + "/edit", "consoleEditDraft", editing.edit, WRITE, title="studio.draft.edit"),
    action(_DRAFT + "/edit", "consoleReviseDraft", editing.revise, WRITE),
    Page(_DRAFT + "/compare", "consoleCompareDrafts", editing.compare, READ, title="studio.compare"),
    Page(_DRAFT + "/merge", "consolePlanMerge", editing.plan_merge, WRITE, title="studio.merge"),
    action(_DRAFT + "/merge", "consoleMergeDrafts", editing.merge, WRITE),
    action(_DRAFT + "/commit", "consoleCommitDraft", settling.commit, WRITE),
    action(_DRAFT + "/discard", "consoleDiscardDraft", settling.discard, WRITE),
    Page(_DRAFT + "/export", "consoleExportDraft", settling.export, READ),
    Page(_DRAFT + "/exchange", "consoleDraftExchange", settling.show_exchange, Scope.AUDIT, title="studio.exchange"),
    # From a document on
    Page(
        "/studio/documents/{document_id}/scripts",
        "consoleDocumentScripts",
        settling.show_scripts_of,
        READ,
        title="studio.scripts_of",
    ),
)
STUDIO = Section("studio", "studio", PAGES, TEXTS)
