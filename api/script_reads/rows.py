"""Rows of drafts and scripts as answers, pure."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from muniment.api.script_reads import answers as told
from muniment.projections.scripts.queries import DraftRow, Named, ScriptOf, SourceOf, VersionRow
from muniment.projections.scripts.state import ChargeRow, CitationRow, PassageRow


def summary(row: DraftRow) -> told.DraftSummary:
    """A draft without its text."""
    return told.DraftSummary.model_validate(_facts(row))


def draft(row: DraftRow, citations: list[told.Citation], charges: list[told.Charge]) -> told.Draft:
    """A draft with its text."""
    return told.Draft.model_validate({**_facts(row), "citations": citations, "charges": charges})


def _facts(row: DraftRow) -> dict[str, Any]:
    return {**asdict(row.draft), "numbers": list(row.numbers), "current": row.current}


def citation(row: CitationRow, document: Named) -> told.Citation:
    """A mark and what it leads to."""
    address = f"/v1/drafts/{row.draft_id}/passages/{row.number}" if row.document_id else None
    return told.Citation.model_validate(
        {**asdict(row), **asdict(document), "start": row.start_char, "end": row.end_char, "passage": address}
    )


def passage(row: PassageRow, document: Named, chunk: tuple[str, str | None] | None = None) -> told.Passage:
    """A passage, with its text where that was asked for and is kept."""
    text, heading = chunk or (None, None)
    return told.Passage.model_validate(
        {
            **asdict(row),
            **asdict(document),
            "start": row.start_char,
            "end": row.end_char,
            "text": text,
            "heading": heading,
        }
    )


def charge(row: ChargeRow) -> told.Charge:
    """A call that was paid for."""
    return told.Charge.model_validate({**asdict(row), "position": row.place})


def source(row: SourceOf) -> told.Source:
    """A document that a draft goes back to."""
    return told.Source.model_validate(
        {**asdict(row.source), **asdict(row.document), "active_version": row.active_version}
    )


def script_of(row: ScriptOf) -> told.DocumentScript:
    """A draft that goes back to a document."""
    facts = {name: getattr(row, name) for name in told.DocumentScript.model_fields if name != "draft"}
    return told.DocumentScript.model_validate({**facts, "draft": summary(row.draft)})


def version(row: VersionRow) -> told.ScriptVersion:
    """A version of an episode's script."""
    return told.ScriptVersion.model_validate(_version(row))


def script(row: VersionRow, text: str | None, citations: list[told.Citation]) -> told.Script:
    """A version of an episode's script with its text."""
    return told.Script.model_validate({**_version(row), "text": text, "citations": citations})


def _version(row: VersionRow) -> dict[str, Any]:
    return {**asdict(row), "position": row.place, "written_by": row.requested_by}


def common(one: list[UUID], other: list[UUID]) -> UUID | None:
    """The nearest draft that both come from (each list nearest first, themselves included); `None`: there is none."""
    known = set(other)
    return next((draft_id for draft_id in one if draft_id in known), None)
