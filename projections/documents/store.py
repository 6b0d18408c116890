"""Documents between their tables and the pure fold: loaded under a lock, written back."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from muniment.projections.changed import same
from muniment.projections.documents.state import Document, Failure, Head, Version
from muniment.projections.documents.timeline import Past
from muniment.projections.past_rows import keep
from muniment.projections.projection import Connection
from muniment.projections.sql import statements, within
from muniment.projections.upsert import built, upsert
from muniment.projections.validity import Moment

Key = tuple[str, UUID]
_SQL = statements("muniment.projections.documents", "store.sql")
_PAST: dict[str, type[Head] | type[Version]] = {"past_documents": Head, "past_versions": Version}


async def load(
    connection: Connection,
    schema: str,
    keys: Iterable[Key],
    *,
    versions: Iterable[int],
    jobs: Iterable[UUID],
    whole: Iterable[Key] = (),
) -> dict[Key, Document]:
    """Lock these documents (making blank ones) and load what facts about these versions and jobs can touch.

    Of a document among `whole`, and of one that has failures, every version is loaded.
    """
    wanted = sorted(set(keys))
    blank = {key: Document(Head(*key)) for key in await _added(connection, schema, wanted)}
    known = [key for key in wanted if key not in blank]
    if not known:
        return blank
    given = _columns(known)
    heads = await connection.fetch(within(_SQL["heads"], schema), *given)
    failed = await connection.fetch(within(_SQL["failures"], schema), *given)
    every = {d for _, d in whole} | {row["document_id"] for row in failed}
    found = await connection.fetch(
        within(_SQL["versions"], schema), *given, list(set(versions)), list(set(jobs)), list(every)
    )
    rows: dict[Key, dict[int, Version]] = {key: {} for key in known}
    for row in found:
        rows[row["tenant"], row["document_id"]][row["version"]] = built(Version, row)
    failures: dict[Key, dict[UUID, Failure]] = {key: {} for key in known}
    for row in failed:
        failures[row["tenant"], row["document_id"]][row["job_id"]] = built(Failure, row)
    keyed = {(row["tenant"], row["document_id"]): built(Head, row) for row in heads}
    return blank | {key: Document(keyed[key], rows[key], failures[key]) for key in known}


async def _added(connection: Connection, schema: str, keys: Sequence[Key]) -> set[Key]:
    """Those of the keys of which there was no row: each has a blank one now, which nobody else has seen."""
    rows = await connection.fetch(within(_SQL["add"], schema), *_columns(keys))
    return {(row["tenant"], row["document_id"]) for row in rows}


def _columns(keys: Sequence[Key]) -> tuple[list[str], list[UUID]]:
    return [tenant for tenant, _ in keys], [document_id for _, document_id in keys]


async def load_past(connection: Connection, schema: str, key: Key) -> list[Past]:
    """The whole past of a document."""
    found = []
    for table, cls in _PAST.items():
        rows = await connection.fetch(within(_SQL["past"], schema, table=table), *key)
        found += [Past(built(cls, row), Moment(row["to_at"], row["to_place"])) for row in rows]
    return found


async def save(
    connection: Connection, schema: str, before: Mapping[Key, Document], after: Mapping[Key, Document]
) -> None:
    """Write what the fold has changed."""
    changed = [(before[key], document) for key, document in after.items() if before[key] is not document]
    heads = [new.head for old, new in changed if not same(old.head, new.head)]
    await upsert(connection, f"{schema}.documents", ("tenant", "document_id"), heads)
    versions = [v for old, new in changed for n, v in new.versions.items() if not _is_same(old.versions.get(n), v)]
    await upsert(connection, f"{schema}.versions", ("tenant", "document_id", "version"), versions)
    failures = [f for old, new in changed for j, f in new.failures.items() if old.failures.get(j) != f]
    await upsert(connection, f"{schema}.failures", ("tenant", "document_id", "job_id"), failures)


def _is_same(before: Version | None, after: Version) -> bool:
    return before is not None and same(before, after)


async def save_past(connection: Connection, schema: str, past: Iterable[Past], instead: Iterable[Key] = ()) -> None:
    """Write rows that are past, for the documents of `instead` in place of those that are there."""
    for tenant, document_id in sorted(instead):
        for table in _PAST:
            await connection.execute(within(_SQL["forget"], schema, table=table), tenant, document_id)
    found = list(past)
    for table, cls in _PAST.items():
        await keep(connection, schema, table, [(p.row, p.until) for p in found if isinstance(p.row, cls)])
