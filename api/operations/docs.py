"""What the routes of operators share in the OpenAPI document: the problems and the 202."""

from typing import Any

from muniment.api.position import HEADER
from muniment.api.problems.docs import AWAY, DENIED, problems

READ = problems(*DENIED, "invalid_request", "read_model_behind", "database_unavailable")
READ_ONE = problems(*DENIED, "not_found", "invalid_request", "read_model_behind", "database_unavailable")
_TEXT = {"type": "string"}
_ACCEPTED: dict[int | str, dict[str, Any]] = {
    202: {
        "description": "On the log",
        "headers": {
            "Location": {"description": "What was decided", "schema": _TEXT},
            HEADER: {"description": "Position token: send it with reads that have to see this change", "schema": _TEXT},
        },
    }
}


def order_docs(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that publishes a command."""
    return {**_ACCEPTED, **problems(*DENIED, "invalid_request", *AWAY, *codes)}
