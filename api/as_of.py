"""`as_of`: which moment a reader asks about, as a time or as places of the log.

The past is read with the scope `audit`, beside the scope of the route: what was deleted since is shown as it was.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Query, Request

from muniment.api.access import may_audit
from muniment.api.dependencies import Dependencies, dependencies_of
from muniment.api.position import OUTBOX, from_token
from muniment.api.problems.problem import from_validation
from muniment.api.reads import Reads
from muniment.api.waiting import not_behind
from muniment.projections.registry import projection
from muniment.projections.validity import Moment
from muniment.schemas.record import Position
from muniment.schemas.topics import TOPICS

MEANING = (
    "As it was then: a time (RFC 3339), or a place of the log (`topic:partition:offset`, several after commas, or a "
    "position token), after which nothing counts. Needs the scope `audit`."
)
EXAMPLES = ["2026-11-22T10:15:30Z", "muniment.documents:3:42"]
LONGEST = 8000
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_PLACE = re.compile(r"([A-Za-z0-9._-]{1,200}):([0-9]{1,9}):([0-9]{1,18})", re.ASCII)
_MOST_PLACES = 256
_NEITHER = "neither a time (2026-11-22T10:15:30Z), nor places of the log (topic:partition:offset), nor a position token"
_NAMES = frozenset(topic.name for topic in TOPICS)


def as_of(*read_models: str) -> Any:
    """A dependency: the reads of the moment that the caller asks about, of now when none is named.

    The route answers from all of these read models.

    Raises `Problem`: `invalid_request` for what is no moment, names none on the log, or lies in the future; `forbidden`
    without the scope; `read_model_behind` when the place is not folded yet.
    """

    async def read(
        request: Request,
        given: Annotated[
            str | None, Query(alias="as_of", max_length=LONGEST, description=MEANING, examples=EXAMPLES)
        ] = None,
    ) -> Reads:
        return (await deps_as_of(dependencies_of(request), request, given, *read_models)).reads

    return Depends(read)


def then(*read_models: str) -> Any:
    """A dependency: what the API stands on, which reads as of the moment that the caller asks about. See `as_of`."""

    async def stand(
        request: Request,
        given: Annotated[
            str | None, Query(alias="as_of", max_length=LONGEST, description=MEANING, examples=EXAMPLES)
        ] = None,
    ) -> Dependencies:
        return await deps_as_of(dependencies_of(request), request, given, *read_models)

    return Depends(stand)


async def deps_as_of(
    deps: Dependencies, request: Request, given: str | None, *read_models: str, where: str = "query.as_of"
) -> Dependencies:
    """See `then`; `where` is the place of the parameter in the request."""
    if given is None:
        return deps
    await may_audit(request)
    try:
        moment = _not_future(time_of(given) or await _at_places(deps, places_of(given), read_models))
    except ValueError as error:
        raise from_validation([{"loc": (where,), "msg": str(error)}]) from None
    return deps.as_of(moment)


def _not_future(moment: Moment) -> Moment:
    if moment.at > datetime.now(UTC):
        raise ValueError("lies in the future: what will be there is not known")
    return moment


def time_of(text: str) -> Moment | None:
    """The moment after all that was recorded at a time; `None` for a text that does not look like a time.

    Raises:
        ValueError: for a time that is none, or that does not say its zone.

    """
    if not _DATE.match(text):
        return None
    if not _TIME.fullmatch(text):
        raise ValueError(
            "a time looks like 2026-11-22T10:15:30Z or 2026-11-22T10:15:30+09:00 (`+` is %2B in an address)"
        )
    try:
        return Moment.end_of(datetime.fromisoformat(text.upper()).astimezone(UTC))
    except (ValueError, OverflowError):
        raise ValueError("there is no such time") from None


def places_of(text: str) -> list[Position]:
    """The places that a text names, as `topic:partition:offset` after commas or as a position token.

    Raises:
        ValueError: when it names none.

    """
    if ":" not in text:
        try:
            places = from_token(text)
        except ValueError:
            raise ValueError(_NEITHER) from None
        if any(place.topic == OUTBOX for place in places):
            raise ValueError("the token is of a command that was not on the log yet: name a time")
        # In a token a lane stands behind the topic's name.
        return [Position(p.topic.split("/")[0], p.partition, p.offset) for p in places]
    parts = text.split(",")
    matches = [_PLACE.fullmatch(part) for part in parts]
    if len(parts) > _MOST_PLACES or not all(matches):
        raise ValueError(_NEITHER)
    if unknown := next((match[1] for match in matches if match and match[1] not in _NAMES), None):
        raise ValueError(f"there is no topic {unknown} on the log")
    return [Position(match[1], int(match[2]), int(match[3])) for match in matches if match]


async def _at_places(deps: Dependencies, places: list[Position], read_models: Sequence[str]) -> Moment:
    """The moment of the last of these places, once each of the read models has those that it follows."""
    assert deps.records is not None, "places need the log"
    moments = []
    for place in places:
        record = await deps.records.at(place)
        if record is None:
            raise ValueError("there is no record at this place of the log")
        moments.append(Moment.of_record(record))
    await folded(deps, places, *read_models)
    return max(moments)


async def folded(deps: Dependencies, places: Sequence[Position], *read_models: str) -> None:
    """Wait until each of the read models has those of these places of the log that it reads.

    Raises:
        Problem: `read_model_behind` when one does not get there in time.

    """
    for read_model in read_models:
        read = {topic.name for topic in projection(read_model).topics}
        await not_behind(deps, read_model, [place for place in places if place.topic in read])
