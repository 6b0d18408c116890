"""Drafts that belong to a person, as they are handed out to them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from muniment.api.access import Principal
from muniment.api.dependencies import Dependencies
from muniment.api.script_reads import rows
from muniment.api.subjects.archive import Archive

TEXTS = {"brief", "text"}


async def add_draft(
    deps: Dependencies, who: Principal, draft_id: UUID, documents: Sequence[UUID], archive: Archive
) -> dict[str, Any]:
    """What is said of a draft, without its words; those are put into the archive. `documents`: what it goes back to."""
    told: dict[str, Any] = {"draft_id": str(draft_id), "documents": [str(one) for one in documents], "draft": None}
    scripts = deps.scripts
    row = await scripts.draft(who.tenant, draft_id) if scripts else None
    if scripts and row is None and (last := await scripts.last_words(who.tenant, draft_id)):
        # It went with its episode: its words are held for who reads the past.
        scripts = scripts.as_of(last)
        row = await scripts.draft(who.tenant, draft_id)
        told["deleted"] = True
    if row is None or scripts is None:
        return told  # noted before anything of it was written, and nothing was
    citations = await scripts.citations(who.tenant, draft_id)
    shown = rows.draft(row, citations, await scripts.charges(who.tenant, draft_id))
    told["draft"] = shown.model_dump(mode="json", exclude=TEXTS)
    for name in sorted(TEXTS):
        words = getattr(shown, name)
        told[name] = f"drafts/{draft_id}/{name}.txt" if words else None
        if words:
            await archive.add(told[name], words)
    return told
