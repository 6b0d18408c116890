"""Problems as pages: what went wrong, what can be done about it, and the number to name when asking for help."""

from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from muniment.api.console.entrance import inside
from muniment.api.console.page import ROOT
from muniment.api.console.view import HEADERS, View, view_of
from muniment.api.dependencies import Dependencies
from muniment.api.problems.kinds import RETRY_AFTER_S
from muniment.api.problems.problem import Problem, problem_body
from muniment.api.signed_in import session_of
from muniment.schemas.errors import StepFailure
from muniment.schemas.metrics import UI_ERROR_PANEL

PLACE = "#troubles"
"""Where a page shows the problem of something that a script asked for."""


async def shown(request: Request, problem: Problem) -> Response:
    """The answer to a request of the console that went wrong."""
    deps: Dependencies = request.app.state.dependencies
    view = await _view(request, deps)
    if problem.code == "signed_out":
        return _to_sign_in(view)
    facts = told(view, problem) | {"back": _back(view)}
    UI_ERROR_PANEL.labels(facts["code"]).inc()
    headers = {name: value for name, value in problem.headers.items() if name.lower() == "retry-after"}
    if facts["status"] == HTTPStatus.SERVICE_UNAVAILABLE:
        headers = {"Retry-After": str(RETRY_AFTER_S)} | headers
    if view.partial:
        headers |= {"HX-Retarget": PLACE, "HX-Reswap": "innerHTML"}
        return view.show("partials/trouble.html", status=facts["status"], headers=headers, trouble=facts)
    return view.show("trouble.html", status=facts["status"], headers=headers, trouble=facts)


def told(view: View, problem: Problem) -> dict[str, Any]:
    """The problem in the reader's language, as far as there are words for it; else as programs are told."""
    body = problem_body(problem)
    key = f"problem.{body['code']}"
    if view.t.has(key):
        body["title"], body["what_to_do"] = view.t(key), view.t(f"{key}.do")
    return body


def _back(view: View) -> str:
    """The page of the console that the request came from; empty where the browser does not say."""
    given = urlsplit(view.request.headers.get("referer", ""))
    path = f"{given.path}?{given.query}" if given.query else given.path
    from_here = given.netloc == view.request.headers.get("host") and inside(path) != ROOT
    return path if from_here and given.path != view.request.url.path else ""


def _to_sign_in(view: View) -> Response:
    wanted = view.request.url.path
    query = view.request.url.query
    after = quote(f"{wanted}?{query}" if query else wanted) if view.request.method == "GET" and not view.partial else ""
    target = f"{ROOT}/sign-in" + (f"?next={after}" if after and wanted != ROOT else "")
    if view.partial:
        # The page that asked is not there any more in any sense that matters.
        return Response(status_code=401, headers={**HEADERS, "HX-Redirect": f"{ROOT}/sign-in?done=session_over"})
    return RedirectResponse(target, 303, headers=HEADERS)


async def _view(request: Request, deps: Dependencies) -> View:
    try:
        session = await session_of(deps, request.cookies, used=False)
    except StepFailure:
        # The database is away, which may be the very problem: the page needs nobody's name to say so.
        session = None
    return view_of(request, deps, session)
