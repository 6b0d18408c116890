"""`If-Match`: the revision that a change was made from (RFC 9110, section 13.1.1)."""

import re
from typing import Annotated

from fastapi import Depends, Header
from pydantic import StringConstraints
from pydantic.json_schema import SkipJsonSchema

from muniment.api.problems.problem import from_validation
from muniment.schemas.project_commands import ANY_REVISION

_ANY = "*"
_PATTERN = r'^(\*|"[0-9]{1,9}")$'
# A header that is not there is no `null`, which a client would send as a word.
_Given = Annotated[
    Annotated[str, StringConstraints(max_length=20, pattern=_PATTERN)] | SkipJsonSchema[None],
    Header(
        alias="If-Match",
        description="The `ETag` of what was read: what has another one by now is left alone (412). "
        "Without it, or with `*`, it is changed as it is.",
        examples=['"2"'],
    ),
]


async def _if_revision(given: _Given = None) -> int:
    return revision_in(given)


def revision_in(given: str | None) -> int:
    """The revision in an `If-Match`; `ANY_REVISION` for `*`, and without one.

    Raises:
        Problem: `invalid_request` for anything else, a list of tags and a weak tag included.

    """
    if given is None or given == _ANY:
        return ANY_REVISION
    if not re.fullmatch(_PATTERN, given):
        raise from_validation([{"loc": ("header.If-Match",), "msg": 'one entity tag such as "2", or *'}])
    return int(given.strip('"'))


IfRevision = Annotated[int, Depends(_if_revision)]
