"""Pages of the past want the scope of what they show beside `audit`, as the routes under `/v1` do."""

from muniment.api.console.view import View
from muniment.api.keys import Scope
from muniment.api.problems.problem import Problem


def also(view: View, scope: Scope) -> None:
    """`Problem(forbidden)` when whoever looks lacks a scope that the page's own does not include."""
    if not view.who.allows(scope):
        raise Problem("forbidden", f"The key lacks the scope {scope}.", extra={"scope": str(scope)})
