"""Where things of the Studio are shown. Pure."""

from uuid import UUID

from muniment.api.console.page import ROOT

STUDIO = f"{ROOT}/studio"


def project(project_id: UUID) -> str:
    """A project."""
    return f"{STUDIO}/projects/{project_id}"


def episode(project_id: UUID, episode_id: UUID) -> str:
    """An episode of it."""
    return f"{project(project_id)}/episodes/{episode_id}"


def draft(project_id: UUID, episode_id: UUID, draft_id: UUID) -> str:
    """A draft of that."""
    return f"{episode(project_id, episode_id)}/drafts/{draft_id}"


def passage(document_id: UUID, version: int, ordinal: int, start: int, end: int) -> str:
    """A passage of a version in the Library, marked in its text."""
    return f"{ROOT}/library/documents/{document_id}/text?version={version}&start={start}&end={end}#c{ordinal}"
