"""The rows of a document with the moments between which they were true, pure.

A document's own facts lie in one partition and come in their order; only dead letters lie elsewhere. So each change
usually follows all that is known: the rows that it replaces are past. Once a dead letter is in it, the whole past of
the document is at hand, and what is said goes to where it belongs.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from muniment.projections.changed import changed, same
from muniment.projections.documents.state import Document, Failure, Head, Version
from muniment.projections.validity import Moment, inserted

Row = Head | Version
HEAD = 0
"""The number of the row of the whole document; versions have their own."""
_UNSTAMPED = {"from_at": None, "from_place": None}
_OF_NOW = {"ordered_at": None, "erased_at": None}
Change = Callable[[Document], Document]


@dataclass(frozen=True, slots=True)
class Past:
    """A row that is not true any more, and when that began."""

    row: Row
    until: Moment


def followed(document: Document, changes: Iterable[tuple[Moment, Change]]) -> tuple[Document, list[Past]]:
    """The document after changes that follow all others, and the rows that they replace."""
    past = list[Past]()
    for moment, change in changes:
        document, ended = _stamped(document, change(document), moment)
        past += ended
    return document, past


def placed(
    document: Document, past: Iterable[Past], changes: Sequence[tuple[Moment, Change]]
) -> tuple[Document, list[Past]]:
    """The document, whole, after changes at any moments, and its whole past as it is then."""
    blank = changed(document, head=Head(document.head.tenant, document.head.document_id), versions={}, failures={})
    states = _states(document, past, blank)
    for moment, change in changes:
        states = inserted(states, blank, moment, change)
    live, closed = blank, list[Past]()
    for moment, state in states:
        live, ended = _stamped(live, _as_before(live, state), moment)
        closed += ended
    now = document.head
    return changed(live, head=changed(live.head, ordered_at=now.ordered_at, erased_at=now.erased_at)), closed


def kept(document: Document, past: Iterable[Past]) -> list[Past]:
    """What of the past of a document may be kept: nothing that ended before it was erased."""
    erased_at = document.head.erased_at
    return [row for row in past if erased_at is None or row.until.at > erased_at]


def _stamped(before: Document, after: Document, moment: Moment) -> tuple[Document, list[Past]]:
    if after is before:
        return after, []
    stamp: dict[str, Any] = {"from_at": moment.at, "from_place": moment.place}
    past, head = list[Row](), after.head
    if not same(head, before.head):
        head = changed(head, **stamp)
        past.append(before.head)
    versions = dict(after.versions)
    for number, row in after.versions.items():
        known = before.versions.get(number)
        if known is None or not same(row, known):
            versions[number] = changed(row, **stamp)
            past += [known] if known else []
    # A blank row was never true, nor was one that another fact of the same record replaces.
    closed = [Past(row, moment) for row in past if row.from_at and (row.from_at, row.from_place or "") != moment]
    return changed(after, head=head, versions=versions), closed


def moment_of(row: Row) -> Moment:
    """Since when a row is true."""
    assert row.from_at is not None, "a blank row was never true"
    return Moment(row.from_at, row.from_place or "")


def _as_before(before: Document, state: Document) -> Document:
    """The state with the stamps of those rows that are the same as before."""
    known: Mapping[int, Version] = before.versions
    kept = {n: known[n] if n in known and _bare(known[n]) == row else row for n, row in state.versions.items()}
    head = before.head if _bare(before.head) == state.head else state.head
    return changed(state, head=head, versions=kept)


def _states(document: Document, past: Iterable[Past], blank: Document) -> list[tuple[Moment, Document]]:
    """The document at each moment at which something was said of it."""
    rows: list[Row] = [p.row for p in past]
    now: list[Row] = [document.head, *document.versions.values()]
    rows += [row for row in now if row.from_at]
    found, state = [], blank
    moments = {moment_of(row) for row in rows} | {Moment(f.failed_at, f.place) for f in document.failures.values()}
    for moment in sorted(moments):
        for row in (row for row in rows if moment_of(row) == moment):
            if isinstance(row, Head):
                state = changed(state, head=_bare(row))
            else:
                state = changed(state, versions={**state.versions, row.version: _bare(row)})
        found.append((moment, changed(state, failures=_known_at(document.failures.values(), moment))))
    return found


def _known_at(failures: Iterable[Failure], moment: Moment) -> dict[Any, Failure]:
    return {f.job_id: f for f in failures if Moment(f.failed_at, f.place) <= moment}


def _bare(row: Any) -> Any:
    return changed(row, **_UNSTAMPED, **(_OF_NOW if isinstance(row, Head) else {}))
