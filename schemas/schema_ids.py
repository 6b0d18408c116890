"""Schema ids, pinned in a committed lock file: an id on the log must mean the same for ever."""

import json
from functools import cache
from importlib.resources import files

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure


@cache
def ids() -> dict[str, int]:
    """Schema id by `Name.vN`."""
    text = (files("muniment.schemas") / "schema_ids.json").read_text("utf-8")
    locked: dict[str, int] = json.loads(text)
    return locked


@cache
def names() -> dict[int, str]:
    """`Name.vN` by schema id."""
    return {number: key for key, number in ids().items()}


def name_of(schema_id: int) -> str:
    """The declaration a schema id stands for; `StepFailure(unknown_event)` when there is none."""
    try:
        return names()[schema_id]
    except KeyError:
        raise StepFailure(ErrorCode.UNKNOWN_EVENT, f"schema id {schema_id} is not in the lock file") from None
