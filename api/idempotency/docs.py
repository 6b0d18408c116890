"""The `Idempotency-Key` in the OpenAPI document: added in one place to every change."""

from typing import Any

from muniment.api.idempotency.key import HEADER, MAX_KEY, REPLAYED
from muniment.api.problems.docs import problems

_PARAMETER = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "A key of your own for this request, such as a UUID in double quotes. A repeat with the same key "
    f"gets the first answer again (with `{REPLAYED}: true`), and nothing happens twice; for another request the same "
    "key is refused.",
    # As `parse_key` reads it: a string in quotes, or bare.
    "schema": {"type": "string", "pattern": rf'^("([ !#-\[\]-~]|\\["\\]){{1,{MAX_KEY}}}"|[!#-+\--~]{{1,{MAX_KEY}}})$'},
    "example": '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
}
_CODES = (
    "idempotency_key_invalid",
    "idempotency_key_missing",
    "idempotency_in_progress",
    "idempotency_key_reused",
)
_QUESTIONS = frozenset({"/v1/search"})
_MUTATIONS = ("post", "put", "patch", "delete")


def add_to(document: dict[str, Any]) -> None:
    """Give every operation that changes something the parameter and the problems that come with it."""
    for path, item in document["paths"].items():
        if not path.startswith("/v1/") or path in _QUESTIONS:
            continue
        for method in _MUTATIONS:
            if method in item:
                _add(item[method])


def _add(operation: dict[str, Any]) -> None:
    operation.setdefault("parameters", []).append(dict(_PARAMETER))
    for status, response in problems(*_CODES).items():
        there = operation["responses"].get(str(status))
        if there is None:
            operation["responses"][str(status)] = response
            continue
        for media_type, content in response["content"].items():
            known = there.setdefault("content", {}).setdefault(media_type, content)
            if known is not content:
                known.setdefault("examples", {}).update(content["examples"])
