"""The statements of search as of now or of a moment: the same ranking over what search saw then.

Nothing in a rank depends on what else is in the tables: full-text rank and distance are of a chunk alone, the weights
of words and the fusion are of what was found, and found is only what was seen then. Of now every statement reads the
views it always read. Of a moment, vectors that are still live are found by their index or by comparing all, as they
would be now, and those of the past by comparing all.
"""

from typing import Any, Literal

from muniment.projections.as_of import valid
from muniment.projections.validity import Moment
from muniment.schemas.embedding_models import added

Rows = Literal["live", "past", "all"]
_COLUMNS = "tenant, document_id, version, ordinal, model, embedding"


def told(
    statement: str,
    given: list[Any],
    at: Moment | None,
    *,
    tenant: str = "$1",
    rows: Rows = "live",
    model: str | None = None,
) -> tuple[str, list[Any]]:
    """A statement of search and its parameters.

    Args:
        statement: From `queries.sql`, its filters filled in.
        given: Its parameters, to which those of the moment are added.
        at: The moment, or `None` for now.
        tenant: Which parameter the tenant is.
        rows: Which vectors are compared.
        model: Whose vectors these are.

    """
    names = _now() if at is None else _then(len(given) + 1, tenant, rows, model)
    for name, source in names.items():
        statement = statement.replace("{" + name + "}", source)
    return statement, given if at is None else [*given, *at]


def _now() -> dict[str, str]:
    names = {name: f"read.{name}" for name in ("active_versions", "documents", "chunk_texts", "project_documents")}
    return names | {"rows": "read.{vectors}", "some": ""}


def _then(number: int, tenant: str, rows: Rows, model: str | None) -> dict[str, str]:
    # An added model's vectors have a length of their own and must not be compared with others.
    other = "" if model is not None and added(model) else "not "
    # All names are this code's own.
    past = f"select {_COLUMNS} from read.past_vectors where model {other}like '%#%'"  # noqa: S608
    every = f"select {_COLUMNS} from read.{{vectors}} union all {past}"  # noqa: S608
    then = valid(number, tenant)
    return {
        "active_versions": f"(select tenant, document_id, version, chunks from read.seen_versions where {then})",  # noqa: S608
        "documents": f"(select * from read.document_ranges where {then})",  # noqa: S608
        "project_documents": f"(select * from read.project_document_ranges where {then})",  # noqa: S608
        "chunk_texts": "(select * from read.chunk_texts union all select * from read.past_texts)",
        "rows": {"live": "read.{vectors}", "past": f"({past})", "all": f"({every})"}[rows],
        # So that the same moment always has the same answer.
        "some": "order by x.document_id, x.version, x.ordinal",
    }
