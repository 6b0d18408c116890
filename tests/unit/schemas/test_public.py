"""What stands in clear on the topics is listed here by field: nothing that a person wrote or that is about one."""

from collections.abc import Iterator
from typing import Any

import pytest

from muniment.schemas.catalogue import declarations
from muniment.schemas.event import Declaration, DocumentEvent

PERSONAL = {
    "answer", "file_name", "heading", "headings", "metadata", "patch", "prompt", "query", "text", "texts",
    "title", "url", "vectors",
}  # fmt: skip
"""Names that can only be personal: a field that is called so is sealed."""
NAMES = {
    "about", "action", "actor", "agent", "base_url", "breaker", "by", "category", "code", "command", "declared",
    "differences", "entity", "finish_reason", "fingerprint", "flag", "found", "how", "key_id", "kind", "lane",
    "language", "letter", "letters", "log", "media_type", "model", "origin", "outcome", "passage_prefix", "place",
    "previous", "projection", "provider", "query_prefix", "reference", "replaced", "schema", "selection", "served_as",
    "setting", "source", "step", "store", "template", "topic", "unit",
}  # fmt: skip
"""Names and words of the house: of steps, codes, models, places on the log, keys, kinds of programs."""
HASHES = {
    "address_mark", "blob", "content_hash", "content_hashes", "network", "query_mark", "receipt_hash", "root",
    "signature", "subject", "text_blob",
}  # fmt: skip
"""Digests and keyed marks (decisions 0009 and 0030); a network is cut so that it names no subscriber."""
TEXTS = {"note": "the house's own figures", "findings": "counts by kind", "receipt": "ids and counts"}
SAID_BY_THE_HOUSE = {"CommandRejected", "DocumentRefused"}
"""Whose reason is one of the program's own sentences about a document."""
ABOUT_THE_HOUSE = {"EditDeadLetter", "DeadLetterEdited"}
"""Of documents, with a reason that an operator gives for an act of operation; the API says that it is in clear."""


def clear_texts(schema: Any, name: str) -> Iterator[str]:
    """The names of the fields in which a schema holds texts or bytes in clear."""
    if isinstance(schema, list):
        for branch in schema:
            yield from clear_texts(branch, name)
    elif isinstance(schema, str):
        if schema in {"string", "bytes"}:
            yield name
    elif "muniment.seals" not in schema and schema.get("logicalType") != "uuid":
        for field in schema.get("fields", ()):
            yield from clear_texts(field["type"], field["name"])
        if schema["type"] == "map":
            yield name
        yield from clear_texts(schema.get("items", []), name)


@pytest.mark.parametrize("declared", declarations(), ids=lambda d: d.key)
def test_what_is_in_clear_is_nobodys_business(declared: Declaration) -> None:
    """Each clear text is on a list with what it is; a new one is either marked `Personal`, or put on a list."""
    clear = set(clear_texts(declared.schema, declared.name)) - {"reason"}
    assert clear - NAMES - HASHES - TEXTS.keys() == set()
    assert clear & PERSONAL == set()


@pytest.mark.parametrize("declared", declarations(), ids=lambda d: d.key)
def test_what_a_person_says_about_a_document_is_sealed(declared: Declaration) -> None:
    """A reason on an event about a document is personal, unless the house gives it, or it is about the house."""
    if issubclass(declared.cls, DocumentEvent) and any(name == "reason" for name, _ in declared.clear):
        assert declared.name in SAID_BY_THE_HOUSE | ABOUT_THE_HOUSE
