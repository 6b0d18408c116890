"""A query parameter that takes one value is given once: two would contradict each other, and one would be lost."""

from collections import Counter

from fastapi import Request

from muniment.api.problems.problem import from_validation

_JOBS = frozenset({"job_id"})
MANY = {"/v1/search": frozenset({"metadata", "document_id"}), "/v1/jobs": _JOBS, "/v1/jobs/events": _JOBS}
"""Parameters that may be repeated, by path."""


async def once(request: Request) -> None:
    """Refuse a request that gives such a parameter twice."""
    if not request.scope["query_string"]:
        return
    counts = Counter(name for name, _ in request.query_params.multi_items())
    repeated = [name for name, count in counts.items() if count > 1]
    wrong = [name for name in repeated if name not in MANY.get(request.url.path, frozenset())]
    if wrong:
        # Only names that the API knows could be told without repeating the caller's text: none is.
        raise from_validation([{"loc": ("query",), "msg": "a parameter that takes one value was given more than once"}])
