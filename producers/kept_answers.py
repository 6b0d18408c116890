"""Takes words out of kept answers to requests with an `Idempotency-Key`, where what they are about has to be forgotten.

The answer itself stays, with ids, numbers, codes and times: whoever repeats the request is told that it was carried
out, and does not carry it out again.
"""

import json
import re
from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

from muniment.producers.postgres import database
from muniment.schemas.personal import REDACTED

PLAIN: Final = frozenset(
    {"position", "kind", "state", "code", "standing", "language", "template", "finish_reason", "provider", "model"}
    | {"requested_by", "created_by", "committed_by", "written_by", "passage"}
)
"""Fields whose texts are the house's own, or addresses; any other text may be somebody's words, and goes."""
OWN: Final = ("document_id", "draft_id", "episode_id", "project_id")
"""What says that a part of an answer is about something."""
_PLAIN_VALUE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)")
# Each body is gone through once, however many ids there are: an erasure may take thousands of drafts.
_NAMING = """
select key, body from muniment_access.idempotency where tenant = $1 and body is not null and exists (
    select from regexp_matches(encode(body, 'escape'), '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}', 'g') m
    where m[1] = any($2::text[]))"""
# Of two that blank one answer each sees what the other took out.
_BODY = "update muniment_access.idempotency set body = $3 where tenant = $1 and key = $2 and body = $4"
_UNCHANGED = "UPDATE 0"


async def holding(pool: Any, tenant: str, ids: Collection[UUID]) -> int:
    """How many kept answers hold words about one of these. Raises `StepFailure(database_unavailable)`."""
    return len(await _holding(pool, tenant, ids))


async def blank(pool: Any, tenant: str, ids: Collection[UUID]) -> int:
    """Take the words about these out of kept answers; how many answers that were. Raises as `holding`."""
    done = 0
    while found := await _holding(pool, tenant, ids):
        async with database():
            for key, (body, blanked) in found.items():
                done += await pool.execute(_BODY, tenant, key, blanked, body) != _UNCHANGED
    return done


async def _holding(pool: Any, tenant: str, ids: Collection[UUID]) -> dict[str, tuple[bytes, bytes]]:
    """The bodies that hold words, each with what it is without them."""
    async with database():
        rows = await pool.fetch(_NAMING, tenant, [str(one) for one in ids])
    found = {row["key"]: (row["body"], without_words(row["body"], ids)) for row in rows}
    return {key: (body, blanked) for key, (body, blanked) in found.items() if body != blanked}


def without_words(body: bytes, ids: Collection[UUID]) -> bytes:
    """An answer (JSON) without the words of what these ids name, and of all within that; the same bytes if it has none.

    The rest of the answer, about other things, is left as it is. What is no JSON is left alone: no route answers so.
    """
    try:
        answer = json.loads(body)
    except ValueError:
        return body
    gone = {str(one) for one in ids}
    blanked = _blanked(answer, gone, inside=False)
    return body if blanked == answer else json.dumps(blanked, ensure_ascii=False, separators=(",", ":")).encode()


def _blanked(part: Any, gone: Collection[str], *, inside: bool) -> Any:
    if isinstance(part, dict):
        inside = inside or any(part.get(name) in gone for name in OWN)
        return {
            name: one if name in PLAIN and isinstance(one, str) else _blanked(one, gone, inside=inside)
            for name, one in part.items()
        }
    if isinstance(part, list):
        return [_blanked(one, gone, inside=inside) for one in part]
    if inside and isinstance(part, str) and part and not _PLAIN_VALUE.fullmatch(part):
        return REDACTED.value
    return part
