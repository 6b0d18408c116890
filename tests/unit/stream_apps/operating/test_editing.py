"""A dead letter read with a JSON Patch."""

import contextlib
import json
from dataclasses import fields, replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.schemas.catalogue import declarations
from muniment.schemas.commands import SubmitDocument
from muniment.schemas.erasures import RequestErasure
from muniment.schemas.event import REGISTRY
from muniment.schemas.event_json import to_json
from muniment.schemas.example import example
from muniment.schemas.personal import REDACTED
from muniment.stream_apps.operating.editing import BadPatch, patched

EVENT = example(REGISTRY["SubmitDocument.v1"])


def _naming() -> list[tuple[str, str]]:
    """Every event's fields that say what it is about: ids, lists of ids, numbers that a decider has given out."""
    found = []
    for declaration in declarations():
        for f in fields(declaration.cls):
            value = getattr(example(declaration), f.name)
            ids = value if isinstance(value, tuple) else (value,)
            if f.name in {"version", "batch", "batches"} or all(isinstance(one, UUID) for one in ids):
                found.append((declaration.key, f.name))
    return found


def patch(*operations: dict[str, Any]) -> str:
    """The text of a patch."""
    return json.dumps(operations)


def test_a_patch_makes_another_reading() -> None:
    """The field is as the patch says, everything else as it was, the original untouched."""
    made = patched(EVENT, patch({"op": "replace", "path": "/file_name", "value": "b.txt"}))
    assert isinstance(made, SubmitDocument)
    assert made == replace(EVENT, file_name="b.txt")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nonsense", "not JSON"),
        ('{"op": "add"}', "a list"),
        ("[]", "a list"),
        ("[1]", "does not fit"),
        (patch({"op": "explode", "path": "/title"}), "does not fit"),
        (patch({"op": "replace", "path": "/no/such", "value": 1}), "does not fit"),
        (patch({"op": "replace", "path": "title", "value": 1}), "does not fit"),
        (patch({"op": "test", "path": "/file_name", "value": "other"}), "does not hold"),
        (patch({"op": "replace", "path": "/size_bytes", "value": "large"}), "whole number"),
        (patch({"op": "remove", "path": "/size_bytes"}), "missing"),
        (patch({"op": "add", "path": "/colour", "value": "red"}), "no such field"),
        (patch({"op": "replace", "path": "", "value": 3}), "no valid SubmitDocument"),
        (patch({"op": "replace", "path": "/document_id", "value": "0" * 32}), "document_id"),
        (patch({"op": "test", "path": "/size_bytes", "value": 3}), "changes nothing"),
    ],
)
def test_a_patch_that_makes_no_such_event_says_why(text: str, says: str) -> None:
    """Nothing comes of it; the reason names the place and never what stands in the document."""
    with pytest.raises(BadPatch, match=says) as error:
        patched(EVENT, text)
    assert "예시" not in str(error.value)


@pytest.mark.parametrize(("kind", "name"), _naming())
def test_no_patch_changes_what_an_event_is_about(kind: str, name: str) -> None:
    """Neither an id nor a list of them, a version nor a batch: not changed, and not made longer."""
    event = example(REGISTRY[kind])
    other = str(UUID(int=9))
    value = {int: 99, str: other, list: [other]}[type(to_json(event)[name])]
    with pytest.raises(BadPatch, match=f"as they are: .*{name}"):
        patched(event, patch({"op": "replace", "path": f"/{name}", "value": value}))
    if isinstance(value, list):
        with pytest.raises(BadPatch, match=f"as they are: {name}"):
            patched(event, patch({"op": "add", "path": f"/{name}/-", "value": other}))


@pytest.mark.parametrize(("subject", "given"), [(None, "somebody"), ("somebody", None), ("somebody", "another")])
def test_no_patch_changes_whom_an_erasure_forgets(subject: str | None, given: str | None) -> None:
    """An erasure of documents alone does not become one of a person, nor one person's that of another."""
    event = example(REGISTRY["RequestErasure.v1"])
    assert isinstance(event, RequestErasure)
    with pytest.raises(BadPatch, match="as they are: subject"):
        patched(replace(event, subject=subject), patch({"op": "replace", "path": "/subject", "value": given}))


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "/texts/0/text", "value": "[removed]"},
        {"op": "replace", "path": "/texts/0/heading", "value": "[removed]"},
        {"op": "replace", "path": "/places/0/content_hash", "value": "AAAA"},
        {"op": "remove", "path": "/places/1"},
    ],
)
def test_the_texts_of_a_batch_stay_what_readers_show(operation: dict[str, Any]) -> None:
    """Neither a text nor the digest that its vector is kept under is edited; the reason says what to do instead."""
    with pytest.raises(BadPatch, match="submit a new version of the document"):
        patched(example(REGISTRY["ChunksPrepared.v1"]), patch(operation))


def test_copies_of_copies_are_stopped_early() -> None:
    """A hundred lines that double the record each time cost no more than a few records' memory."""
    doubling = [{"op": "copy", "from": "/metadata", "path": f"/metadata/{n}"} for n in range(100)]
    with pytest.raises(BadPatch, match="more of the record"):
        patched(EVENT, patch(*doubling))


def test_what_was_erased_cannot_be_edited() -> None:
    """There is nothing left to patch."""
    with pytest.raises(BadPatch, match="erased"):
        patched(replace(EVENT, title=REDACTED), patch({"op": "remove", "path": "/source"}))  # type: ignore[call-arg]


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["op", "path", "value", "from"]),
            st.sampled_from(
                ["add", "remove", "move", "copy", "test", "/title", "/metadata/x", "/document_id", "", 7, None]
            )
            | st.lists(st.none(), max_size=1),
        ),
        max_size=4,
    )
)
def test_no_patch_does_worse_than_fail(operations: list[Any]) -> None:
    """Whatever an operator sends: another event of the same kind and ids, or a reason."""
    with contextlib.suppress(BadPatch):
        made = patched(EVENT, json.dumps(operations))
        assert (type(made), made.key) == (type(EVENT), EVENT.key)
