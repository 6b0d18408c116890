"""Reading drafts, what they go back to, and the versions of scripts; every query names its tenant."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from muniment.projections import cursor as cursors
from muniment.projections.as_of import told
from muniment.projections.paging import Page, checked, conditions, start_after
from muniment.projections.scripts.state import ChargeRow, CitationRow, Draft, PassageRow, SourceRow
from muniment.projections.sql import statements
from muniment.projections.upsert import built
from muniment.projections.validity import Moment

_TEXTS = ("brief", "text", "reason")
_COLUMNS = ", ".join(f'd."{f.name}"' for f in fields(Draft) if f.name not in _TEXTS)
_NUMBERS = """array(select v.number from {script_versions} v
    where v.tenant = d.tenant and v.draft_id = d.draft_id order by v.number)"""
_CURRENT = """coalesce(d.draft_id = (select v.draft_id from {script_versions} v
    where v.tenant = d.tenant and v.episode_id = d.episode_id order by v.number desc limit 1), false)"""
# What has become of the version that is named; `c` names it, `t` is its document.
_STANDING = """case when c.document_id is null then 'nowhere' when t.document_id is null then 'unknown'
    when c.version <= t.deleted_up_to then case when t.erased_at is null then 'deleted' else 'erased' end
    when c.version = t.active_version then 'active' when c.version < t.active_version then 'replaced'
    else 'unknown' end"""


def _filled(sql: str) -> str:
    for name, text in (("columns", _COLUMNS), ("numbers", _NUMBERS), ("current", _CURRENT), ("standing", _STANDING)):
        sql = sql.replace("{" + name + "}", text)
    return sql


_SQL = {name: _filled(sql) for name, sql in statements("muniment.projections.scripts").items()}


@dataclass(frozen=True)
class DraftRow:
    """A draft, with the numbers of the versions of the script that it was, and whether it is the script now."""

    draft: Draft
    numbers: tuple[int, ...]
    current: bool


@dataclass(frozen=True)
class Named:
    """What is known of a document that is gone back to.

    `standing` says what has become of the version: `active` (search sees it), `replaced` by a later one, `deleted`,
    `erased`, `unknown`; `nowhere` where a mark leads to no document.
    """

    title: str | None
    file_name: str | None
    standing: str


@dataclass(frozen=True)
class SourceOf:
    """A document that a draft goes back to."""

    source: SourceRow
    document: Named
    active_version: int | None


@dataclass(frozen=True)
class ScriptOf:
    """A draft that goes back to a document; the row of the draft is without texts."""

    draft: DraftRow
    version: int
    inherited: bool
    passages: int
    cited: int
    holding: int
    standing: str
    active_version: int | None


@dataclass(frozen=True)
class VersionRow:
    """A version of an episode's script. What is said of its draft is none when that is gone."""

    number: int
    draft_id: UUID
    revision: int
    committed_by: str
    committed_at: datetime
    place: str
    state: str | None
    kind: str | None
    based_on: UUID | None
    requested_by: str | None
    requested_at: datetime | None


async def draft(pool: Any, tenant: str, draft_id: UUID, at: Moment | None = None) -> DraftRow | None:
    """One draft, as of a moment if one is given; `None` for one that went with its episode, or is not this tenant's."""
    sql, given = _told("draft", [tenant, draft_id], at)
    row = await pool.fetchrow(sql, *given)
    return _row(row) if row else None


async def drafts(  # noqa: PLR0917 - what a page is of
    pool: Any,
    tenant: str,
    project_id: UUID,
    episode_id: UUID,
    state: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
    at: Moment | None = None,
) -> Page[DraftRow]:
    """A page of the drafts of an episode, newest first, without their texts, as of a moment if one is given.

    Raises:
        ValueError: `limit` out of bounds, or (`BadCursor`) a cursor of another query.

    """
    query = cursors.query_hash("drafts", tenant, project_id, episode_id, state, *(at or ()))
    condition, more = conditions([("d.state = {}", state)], 7)
    given = [tenant, *start_after(query, cursor), checked(limit) + 1, project_id, episode_id, *more]
    sql, given = _told("drafts", given, at)
    rows = await pool.fetch(sql.replace("{filter}", condition), *given)
    shown = tuple(_row(row) for row in rows[:limit])
    following = cursors.encode(query, _place(shown[-1])) if len(rows) > limit else None
    return Page(shown, following)


async def citations(
    pool: Any, tenant: str, draft_id: UUID, at: Moment | None = None
) -> list[tuple[CitationRow, Named]]:
    """The marks of a draft in the order in which they stand, each with its document."""
    sql, given = _told("citations", [tenant, draft_id], at)
    rows = await pool.fetch(sql, *given)
    return [(built(CitationRow, row), built(Named, row)) for row in rows]


async def passages(pool: Any, tenant: str, draft_id: UUID, at: Moment | None = None) -> list[tuple[PassageRow, Named]]:
    """The passages that the marks of a draft mean: those of the prompt that it, or what it was made from, came of."""
    sql, given = _told("passages", [tenant, draft_id], at)
    rows = await pool.fetch(sql, *given)
    return [(built(PassageRow, row), built(Named, row)) for row in rows]


async def charges(pool: Any, tenant: str, draft_id: UUID, at: Moment | None = None) -> list[ChargeRow]:
    """The calls of models for a draft that were paid for and whose answer it is not, in the order of the tries."""
    sql, given = _told("charges", [tenant, draft_id], at)
    return [built(ChargeRow, row) for row in await pool.fetch(sql, *given)]


async def chunk(pool: Any, tenant: str, passage: PassageRow) -> tuple[str, str | None] | None:
    """Text and heading of a passage; `None` when it was erased, or its past is not kept."""
    place = passage.document_id, passage.version, passage.ordinal
    row = await pool.fetchrow(_SQL["chunk"], tenant, *place)
    return (row["text"], row["heading"]) if row else None


async def sources(pool: Any, tenant: str, draft_id: UUID, at: Moment | None = None) -> list[SourceOf]:
    """The documents that a draft goes back to, those that it cites most first."""
    sql, given = _told("sources", [tenant, draft_id], at)
    rows = await pool.fetch(sql, *given)
    return [SourceOf(built(SourceRow, row), built(Named, row), row["active_version"]) for row in rows]


async def scripts_of(  # noqa: PLR0917 - what a page is of
    pool: Any, tenant: str, document_id: UUID, limit: int = 50, cursor: str | None = None, at: Moment | None = None
) -> Page[ScriptOf]:
    """A page of the drafts that go back to a document, also to one that is deleted or erased. Raises as `drafts`."""
    query = cursors.query_hash("scripts of", tenant, document_id, *(at or ()))
    after: tuple[Any, ...] = (None, None, None)
    if cursor is not None:
        place = cursors.decode(query, cursor)
        if len(place) != len(after) or not isinstance(place[2], int):
            raise cursors.BadCursor("not a cursor")
        after = (*start_after(query, cursors.encode(query, place[:2])), place[2])
    given = [tenant, after[0], after[1], checked(limit) + 1, document_id, after[2]]
    sql, given = _told("scripts_of", given, at)
    rows = await pool.fetch(sql, *given)
    shown = tuple(_script_of(row) for row in rows[:limit])
    following = cursors.encode(query, [*_place(shown[-1].draft), shown[-1].version]) if len(rows) > limit else None
    return Page(shown, following)


async def versions(  # noqa: PLR0917 - what a page is of
    pool: Any,
    tenant: str,
    project_id: UUID,
    episode_id: UUID,
    limit: int = 50,
    cursor: str | None = None,
    at: Moment | None = None,
) -> Page[VersionRow]:
    """A page of the versions of an episode's script, newest first. Raises as `drafts`."""
    query = cursors.query_hash("script versions", tenant, project_id, episode_id, *(at or ()))
    before = None
    if cursor is not None:
        place = cursors.decode(query, cursor)
        if len(place) != 1 or not isinstance(place[0], int) or not 0 < place[0] < 2**31:
            raise cursors.BadCursor("not a cursor")
        before = place[0]
    sql, given = _told("versions", [tenant, project_id, episode_id, before, checked(limit) + 1], at)
    rows = await pool.fetch(sql, *given)
    shown = tuple(built(VersionRow, row) for row in rows[:limit])
    return Page(shown, cursors.encode(query, [shown[-1].number]) if len(rows) > limit else None)


async def version(  # noqa: PLR0917 - as above
    pool: Any, tenant: str, project_id: UUID, episode_id: UUID, number: int | None, at: Moment | None = None
) -> VersionRow | None:
    """One version of an episode's script, the last one without a number; `None` when there is none."""
    sql, given = _told("version", [tenant, project_id, episode_id, number], at)
    row = await pool.fetchrow(sql, *given)
    return built(VersionRow, row) if row else None


async def lineage(pool: Any, tenant: str, draft_id: UUID, at: Moment | None = None) -> list[UUID]:
    """The draft and those that it was made from, nearest first; empty when there is none."""
    sql, given = _told("lineage", [tenant, draft_id], at)
    return [row["draft_id"] for row in await pool.fetch(sql, *given)]


async def last_words(pool: Any, tenant: str, draft_id: UUID) -> Moment | None:
    """A moment at which a draft said what it said last; `None` for one that has no words, or none any more."""
    row = await pool.fetchrow(_SQL["last_words"], tenant, draft_id)
    return Moment(row["from_at"], row["from_place"]) if row else None


def _told(name: str, given: list[Any], at: Moment | None) -> tuple[str, list[Any]]:
    """A statement and its parameters; what is said of documents is of the same moment."""
    return told(
        _SQL[name],
        given,
        at,
        drafts="draft_ranges",
        draft_passages="draft_passage_ranges",
        draft_citations="draft_citation_ranges",
        draft_sources="draft_source_ranges",
        draft_charges="draft_charge_ranges",
        script_versions="script_version_ranges",
        documents="document_ranges",
    )


def _row(row: Any) -> DraftRow:
    made = built(Draft, dict(row) | {"document_ids": tuple(row["document_ids"])})
    return DraftRow(made, tuple(row["numbers"]), row["current"])


def _script_of(row: Any) -> ScriptOf:
    return built(ScriptOf, {k: v for k, v in row.items() if k != "draft"}, draft=_row(row))


def _place(row: DraftRow) -> list[Any]:
    assert row.draft.requested_at is not None, "what is listed was asked for"
    return [row.draft.requested_at.isoformat(), row.draft.draft_id]
