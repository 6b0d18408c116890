"""Documents on their way in: what the page's script sends, one file or address a request."""

from uuid import UUID

from starlette.responses import JSONResponse, Response

from muniment.api.console import troubles
from muniment.api.console.page import action
from muniment.api.console.view import HEADERS, View, Viewing
from muniment.api.documents import existing
from muniment.api.keys import Scope
from muniment.api.problems.problem import Problem, from_muniment, no_room
from muniment.api.submissions.requests import Link, Submission
from muniment.api.submissions.submitting import submit
from muniment.api.submissions.uploads import submissions
from muniment.producers.disk import is_full
from muniment.schemas.errors import MunimentError


async def upload(view: Viewing) -> Response:
    """Take in one file, or what lies at an address: the very request that `POST /v1/documents` takes."""
    return await _answered(view, None)


async def new_version(view: Viewing, document_id: UUID) -> Response:
    """Take in one file as the next version of a document."""
    await existing(view.reads, view.tenant, document_id)
    return await _answered(view, document_id)


async def _answered(view: View, document_id: UUID | None) -> Response:
    """The ids of what was accepted; or the problem, in the reader's language, as JSON: a script shows it in its row."""
    try:
        async with submissions(view.request, view.deps.settings, many=False) as given:
            done = await submit(view.deps, view.who, _only(given, document_id), view.traceparent)
    except Problem as problem:
        return _problem(view, problem)
    except MunimentError as error:
        return _problem(view, from_muniment(error))
    except OSError as error:
        if not is_full(error):
            raise
        return _problem(view, no_room())
    facts = {"job_id": str(done.job_id), "document_id": str(done.document_id)}
    return JSONResponse(facts, 202, headers=HEADERS)


def _only(given: list[Submission | Link], document_id: UUID | None) -> Submission | Link:
    if len(given) > 1:
        raise Problem("invalid_request", "One file a request: the page sends several one by one.")
    return given[0] if document_id is None else given[0].of(document_id)


def _problem(view: View, problem: Problem) -> Response:
    facts = troubles.told(view, problem)
    return JSONResponse(facts, facts["status"], headers=HEADERS)


PAGES = (
    action("/library/upload", "consoleUpload", upload, Scope.DOCUMENTS_WRITE),
    action("/library/documents/{document_id}/versions", "consoleNewVersion", new_version, Scope.DOCUMENTS_WRITE),
)
