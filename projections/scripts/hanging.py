"""The rows that hang on a draft, from what the log says."""

from datetime import datetime

from muniment.projections.rows import storable
from muniment.projections.scripts.state import ChargeRow, CitationRow, Draft, PassageRow
from muniment.schemas.script_costs import DraftCharged
from muniment.schemas.scripts import Citation, DraftWritten, Passage


def passage_row(draft: Draft, one: Passage) -> PassageRow:
    """A passage that was put before the model."""
    return PassageRow(
        tenant=draft.tenant,
        draft_id=draft.draft_id,
        number=one.number,
        document_id=one.document_id,
        version=one.version,
        ordinal=one.ordinal,
        page=one.page,
        start_char=one.start,
        end_char=one.end,
        tokens=one.tokens,
        score=one.score,
        vector_rank=one.vector_rank,
        words_rank=one.words_rank,
    )


def citation_row(draft: Draft, place: int, one: Citation) -> CitationRow:
    """The mark at a place of the text."""
    return CitationRow(
        tenant=draft.tenant,
        draft_id=draft.draft_id,
        place=place,
        number=one.number,
        document_id=one.document_id,
        version=one.version,
        ordinal=one.ordinal,
        page=one.page,
        start_char=one.start,
        end_char=one.end,
        said_from=one.said_from,
        said_to=one.said_to,
        holds=one.holds,
    )


def charge_row(
    draft: Draft, event: DraftCharged | DraftWritten, at: datetime, place: str, code: str, *, estimated: bool
) -> ChargeRow:
    """A call whose answer the draft is not."""
    return ChargeRow(
        draft.tenant,
        draft.draft_id,
        event.attempt,
        provider=storable(event.provider),
        model=storable(event.model),
        code=storable(code),
        tokens_in=event.tokens_in,
        tokens_out=event.tokens_out,
        cost_micros=event.cost_micros,
        estimated=estimated,
        charged_at=at,
        place=place,
    )
