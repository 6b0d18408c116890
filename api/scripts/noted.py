"""Wait until who decides about a draft knows what its reader has seen.

A read model may fold the end of a draft a moment before the deciders take note of it. A commit that is sent in that
moment would be decided against: the draft is written, and is not.
"""

import asyncio
from time import monotonic

from muniment.api.access import Principal
from muniment.api.dependencies import Dependencies
from muniment.api.scripts.described import scripts_of
from muniment.projections.scripts.queries import DraftRow

WAIT_S = 5.0
"""Deciders are behind by milliseconds; after so long they are away, and decide by what they know."""
_LOOK_S = 0.02
_UNDER_WAY = frozenset({"requested", "prompted"})


async def noted(deps: Dependencies, who: Principal, row: DraftRow) -> None:
    """Return when the deciders do not wait for the draft's end any more, at once for one that has not ended.

    Raises:
        StepFailure: `database_unavailable`.

    """
    draft = row.draft
    if draft.state in _UNDER_WAY:
        return
    deadline = monotonic() + WAIT_S
    while monotonic() < deadline:
        if not await scripts_of(deps).awaited(who.tenant, draft.project_id, draft.draft_id):
            return
        await asyncio.sleep(_LOOK_S)
