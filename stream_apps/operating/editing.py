"""Another reading of a dead letter: its event with a JSON Patch (RFC 6902) applied. Pure."""

import json
from dataclasses import fields
from typing import Any, get_args, get_type_hints
from uuid import UUID

import jsonpatch
import jsonpointer

from muniment.schemas.chunks import ChunksPrepared
from muniment.schemas.event import Event
from muniment.schemas.event_json import NotAnEvent, from_json, redacted_fields, to_json
from muniment.schemas.topics import MAX_RECORD_BYTES

MOST_OPERATIONS = 100
LARGEST = 2 * MAX_RECORD_BYTES
_NAMING = frozenset({"version", "batch", "batches", "subject"})
"""What names the thing that a record is about without being an id. A decider has given the numbers out: under another
one, what is made of a version would lie beyond every deletion and erasure that is decided up to the last it knows."""

_FIXED: dict[type[Event], tuple[str, ...]] = {ChunksPrepared: ("texts", "places")}
"""What of a batch no edit may change. A vector of another text, kept under the digest of this one, would be found for
every document of the tenant that says the same."""


class BadPatch(ValueError):
    """Why a patch cannot be applied, or what it makes is no such event; never what stood in either."""


def patched(event: Event, patch: str) -> Event:
    """The event as the patch makes it: of the same kind, about the same things, under the same ids and versions.

    Raises:
        BadPatch: see there.

    """
    if redacted_fields(event):
        raise BadPatch("what the letter held was erased: there is nothing left to edit")
    made = from_patch(type(event), to_json(event), _operations(patch))
    changed = [name for name in _held(type(event)) if getattr(made, name) != getattr(event, name)]
    if changed or made.key != event.key:
        raise BadPatch(f"an edit leaves ids and versions as they are: {', '.join(changed) or 'the key'}")
    if fixed := [name for name in _FIXED.get(type(event), ()) if getattr(made, name) != getattr(event, name)]:
        shown = "readers show the original's, and its vectors are kept under its digests"
        instead = "submit a new version of the document"
        raise BadPatch(f"an edit leaves the {' and '.join(fixed)} of a batch as they are: {shown}; {instead}")
    if made == event:
        raise BadPatch("the patch changes nothing")
    return made


def _held(cls: type[Event]) -> tuple[str, ...]:
    """The fields that say what the event is about: by their type, so that one which is empty counts as well."""
    hints = get_type_hints(cls)
    return tuple(f.name for f in fields(cls) if f.name in _NAMING or _of_ids(hints[f.name]))


def _of_ids(annotation: Any) -> bool:
    return annotation is UUID or any(_of_ids(one) for one in get_args(annotation))


def from_patch(cls: type[Event], given: dict[str, Any], operations: list[Any]) -> Event:
    """The event that the patch makes of the JSON of one."""
    try:
        return from_json(cls, _applied(given, operations))
    except BadPatch:
        raise
    except NotAnEvent as error:
        raise BadPatch(f"the patch makes no valid {cls.declaration.name}: {error}") from None
    except jsonpatch.JsonPatchTestFailed:
        raise BadPatch("a `test` of the patch does not hold") from None
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException) as error:
        # Its text may quote what stands in the document; its kind does not.
        raise BadPatch(f"the patch does not fit the record: {type(error).__name__}") from None
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, RecursionError):
        raise BadPatch("the patch is not one (RFC 6902), or does not fit the record") from None


def _applied(given: Any, operations: list[Any]) -> Any:
    made = given
    for operation in operations:
        made = jsonpatch.JsonPatch([operation]).apply(made)
        # Copies of copies would double what there is with every line.
        if operation.get("op") == "copy" and len(json.dumps(made)) > LARGEST:
            raise BadPatch("the patch makes more of the record than a record can hold")
    return made


def _operations(patch: str) -> list[Any]:
    try:
        operations = json.loads(patch)
    except (ValueError, RecursionError):
        raise BadPatch("the patch is not JSON, or lists in lists without end") from None
    if not isinstance(operations, list) or not 1 <= len(operations) <= MOST_OPERATIONS:
        raise BadPatch(f"a patch is a list of 1 to {MOST_OPERATIONS} operations")
    return operations
