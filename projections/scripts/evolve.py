"""The fold of one draft, pure.

Everything about a draft lies in its project's partition, so it comes in the order of the log; a repeat changes nothing.
What ends a draft first counts: one that was cancelled is not written by an answer that comes late. A dead letter that
is sent back may still be written. Of an erased draft, and of one that went with its episode, no later record brings
anything back. What calls cost is counted whatever has become of the draft, each try once.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from muniment.projections.rows import shown_text, storable
from muniment.projections.scripts.hanging import charge_row, citation_row, passage_row
from muniment.projections.scripts.state import Draft, Script, SourceRow
from muniment.schemas.event import Event
from muniment.schemas.script_costs import DraftCharged
from muniment.schemas.scripts import (
    Citation,
    CitationsChecked,
    DraftCancelled,
    DraftDiscarded,
    DraftErased,
    DraftFailed,
    DraftPrompted,
    DraftRefused,
    DraftRequested,
    DraftRevised,
    DraftWritten,
)

_BLANK: dict[str, Any] = {"brief": None, "text": None, "reason": None}
_OPEN = frozenset({"requested", "prompted", "failed"})
"""States after which a draft can still be written."""
TOO_LATE = "too_late"
"""How a call ended whose answer came when the draft had ended."""


@dataclass(frozen=True)
class Said:
    """What a record says of itself: whose it is, when and by whom, and where it lies."""

    tenant: str
    at: datetime
    actor: str
    place: str


def evolve(known: Script | None, event: Event, said: Said, parent: Script | None = None) -> Script | None:
    """The draft after an event; `parent` is the draft that a revised one was made from.

    `None` stays `None` for what presupposes a draft that there is not.
    """
    if isinstance(event, DraftErased):
        return _erased(known or _blank(event, said), said)
    if isinstance(event, DraftCharged):
        return known and _charged(known, event, said, event.code, estimated=event.estimated)
    if known is not None and known.draft.state in {"erased", "deleted"}:
        return _named(known, event, said)
    match event:
        case DraftRequested():
            return known or _requested(event, said)
        case DraftRevised():
            return known or _revised(event, said, parent)
        case _:
            return None if known is None else _told(known, event, said)


def deleted(script: Script) -> Script:
    """The draft after its episode or project went: nothing of it is left to read, nor what it goes back to."""
    return Script(replace(script.draft, state="deleted", **_BLANK))


def _told(known: Script, event: Event, said: Said) -> Script:  # noqa: PLR0911 - one answer an event
    draft, is_open = known.draft, known.draft.state in _OPEN
    match event:
        case DraftPrompted() if is_open:
            return _prompted(known, event, said)
        case DraftWritten() if is_open:
            return _written(known, event, said)
        case DraftWritten() if known.draft.written_place is None:
            return _charged(known, event, said, TOO_LATE, estimated=False)
        case CitationsChecked() if draft.state in {"written", "discarded"} and not draft.checked:
            return _cited(replace(known, draft=replace(draft, checked=True)), event.citations)
        case DraftRefused() if is_open:
            return _ended(known, "refused", said, code=storable(event.code))
        case DraftCancelled() if is_open:
            return _ended(known, "cancelled", said, reason=shown_text(event.reason))
        case DraftFailed() if is_open:
            return _ended(known, "failed", said, code=storable(event.code), letter=storable(event.letter))
        case DraftDiscarded() if draft.state != "discarded":
            return replace(known, draft=replace(draft, state="discarded", reason=shown_text(event.reason)))
        case _:
            return known


def _blank(event: Any, said: Said) -> Script:
    draft_id: UUID = event.draft_id
    return Script(Draft(said.tenant, draft_id, event.project_id, event.episode_id, draft_id))


def _requested(event: DraftRequested, said: Said) -> Script:
    return Script(
        replace(
            _blank(event, said).draft,
            kind="generated",
            job_id=event.job_id,
            brief=shown_text(event.brief),
            template=storable(event.template),
            language=storable(event.language),
            max_tokens=event.max_tokens,
            temperature=event.temperature,
            seed=event.seed,
            document_ids=event.document_ids,
            requested_by=storable(said.actor),
            requested_at=said.at,
            requested_place=said.place,
        )
    )


def _revised(event: DraftRevised, said: Said, parent: Script | None) -> Script:
    behind = parent.sources if parent else ()
    inherited = [replace(s, draft_id=event.draft_id, inherited=True, cited=0, holding=0) for s in behind]
    named = {source.document_id for source in inherited}
    inherited += [
        SourceRow(said.tenant, event.draft_id, one, 0, inherited=True, passages=0, cited=0, holding=0)
        for one in dict.fromkeys(event.sources)
        if one not in named
    ]
    draft = replace(
        _blank(event, said).draft,
        kind="revised",
        state="written",
        job_id=event.job_id,
        origin=parent.draft.origin if parent else event.based_on,
        based_on=event.based_on,
        language=parent.draft.language if parent else None,
        text=shown_text(event.text),
        requested_by=storable(said.actor),
        requested_at=said.at,
        ended_at=said.at,
        requested_place=said.place,
        written_place=said.place,
    )
    return Script(draft, sources=tuple(inherited))


def _prompted(known: Script, event: DraftPrompted, said: Said) -> Script:
    draft = replace(
        known.draft,
        state="prompted",
        code=None,
        letter=None,
        ended_at=None,
        provider=storable(event.provider),
        model=storable(event.model),
        template_version=event.template_version,
        memory_tokens=event.memory_tokens,
        prompt_tokens=event.prompt_tokens,
        window_tokens=event.window_tokens,
        prompted_at=said.at,
        prompted_place=said.place,
    )
    # One number names one passage: the first that has it.
    passages = tuple({p.number: passage_row(draft, p) for p in reversed(event.passages)}.values())
    counted = Counter((p.document_id, p.version) for p in passages)
    sources = tuple(
        SourceRow(draft.tenant, draft.draft_id, document, version, inherited=False, passages=n, cited=0, holding=0)
        for (document, version), n in sorted(counted.items())
    )
    ordered = tuple(sorted(passages, key=lambda p: p.number))
    return replace(known, draft=draft, passages=ordered, sources=sources)


def _charged(known: Script, event: DraftCharged | DraftWritten, said: Said, code: str, *, estimated: bool) -> Script:
    """Another call that the draft is not the answer of; of one that was counted before, nothing new."""
    if known.draft.state == "deleted" or any(one.attempt == event.attempt for one in known.charges):
        return known
    row = charge_row(known.draft, event, said.at, said.place, code, estimated=estimated)
    charges = tuple(sorted((*known.charges, row), key=lambda one: one.attempt))
    return replace(known, draft=_paid(known.draft, event), charges=charges)


def _paid(draft: Draft, event: DraftCharged | DraftWritten) -> Draft:
    return replace(
        draft,
        tokens_in=(draft.tokens_in or 0) + event.tokens_in,
        tokens_out=(draft.tokens_out or 0) + event.tokens_out,
        cost_micros=(draft.cost_micros or 0) + event.cost_micros,
    )


def _written(known: Script, event: DraftWritten, said: Said) -> Script:
    known = replace(known, draft=_paid(known.draft, event))
    done = _ended(
        known,
        "written",
        said,
        provider=storable(event.provider),
        model=storable(event.model),
        text=shown_text(event.text),
        code=None,
        letter=None,
        first_token_ms=event.first_token_ms,
        written_ms=event.written_ms,
        finish_reason=storable(event.finish_reason),
        checked=True,
        written_place=said.place,
    )
    return _cited(done, event.citations)


def _cited(script: Script, citations: tuple[Citation, ...]) -> Script:
    draft = script.draft
    cited = Counter((c.document_id, c.version) for c in citations if c.document_id)
    holding = Counter((c.document_id, c.version) for c in citations if c.document_id and c.holds)
    known = {(s.document_id, s.version): s for s in script.sources}
    for place in cited:
        document, version = place
        assert document is not None
        if place not in known:
            known[place] = SourceRow(
                draft.tenant, draft.draft_id, document, version, inherited=True, passages=0, cited=0, holding=0
            )
    sources = tuple(replace(row, cited=cited[at], holding=holding[at]) for at, row in sorted(known.items()))
    rows = tuple(citation_row(draft, place, one) for place, one in enumerate(citations))
    return replace(script, citations=rows, sources=sources)


def _ended(known: Script, state: str, said: Said, **how: Any) -> Script:
    return replace(known, draft=replace(known.draft, state=state, ended_at=said.at, **how))


def _erased(known: Script, said: Said) -> Script:
    state = "deleted" if known.draft.state == "deleted" else "erased"
    erased_at = known.draft.erased_at or said.at
    ended_at = known.draft.ended_at or said.at
    draft = replace(known.draft, state=state, erased_at=erased_at, ended_at=ended_at, **_BLANK)
    return replace(known, draft=draft)


def _named(known: Script, event: Event, said: Said) -> Script:
    """What is said late of an erased draft: who asked for it and when, and what it cost; nothing of what it says."""
    if isinstance(event, DraftWritten) and known.draft.written_place is None:
        return _charged(known, event, said, TOO_LATE, estimated=False)
    if known.draft.requested_at is not None or known.draft.state == "deleted":
        return known
    made = None
    if isinstance(event, DraftRequested):
        made = _requested(event, said)
    elif isinstance(event, DraftRevised):
        made = _revised(event, said, None)
    if made is None:
        return known
    names = ("state", "erased_at", "ended_at", "tokens_in", "tokens_out", "cost_micros")
    kept = {name: getattr(known.draft, name) for name in names}
    return replace(made, draft=replace(made.draft, **kept, **_BLANK), charges=known.charges)
