"""A part of the log, given by times or places of its records."""

from datetime import datetime

from muniment.producers.consumer_stop import stop_consumer
from muniment.projections import sources
from muniment.projections.config import ProjectionsConfig
from muniment.projections.projection import Projection
from muniment.projections.replaying.replay import Bounds
from muniment.schemas.moments import EXAMPLE, NoZone, moment
from muniment.schemas.record import Position


def parsed(text: str) -> datetime | Position:
    """A time with its zone, or a place; `ValueError` says how to write one."""
    try:
        return moment(text)
    except NoZone:
        raise
    except ValueError:
        try:
            return Position.parse(text)
        except ValueError:
            raise ValueError(f"{text!r} is no time and no place: write {EXAMPLE} or topic:0:42") from None


def in_order(begin: str, end: str) -> bool:
    """Whether something may lie between two bounds; nothing can be said of a time and a place, or of two partitions."""
    if not begin or not end:
        return True
    first, last = parsed(begin), parsed(end)
    if isinstance(first, Position) and isinstance(last, Position):
        return (first.topic, first.partition) != (last.topic, last.partition) or first.offset < last.offset
    if isinstance(first, datetime) and isinstance(last, datetime):
        return first < last
    return True


async def bounds(projection: Projection, config: ProjectionsConfig, begin: str, end: str) -> Bounds:
    """The offsets that two bounds come to. A place bounds its own partition only; an empty text bounds nothing.

    Raises:
        ValueError: a bound is neither a time nor a place of a partition that the projection reads.

    """
    return Bounds(await _offsets(projection, config, begin), await _offsets(projection, config, end))


async def _offsets(projection: Projection, config: ProjectionsConfig, text: str) -> dict[tuple[str, int], int]:
    if not text:
        return {}
    bound = parsed(text)
    if isinstance(bound, Position) and (told := projection.not_read(bound.topic)):
        raise ValueError(told)
    source = sources.consumer(config.bootstrap, group=None, client_id="muniment-bounds")
    await source.start()
    try:
        places = await sources.partitions(source, sources.topic_names(projection, config.topic_prefix))
        if isinstance(bound, Position):
            if (config.topic_prefix + bound.topic, bound.partition) not in places:
                raise ValueError(f"{bound.topic} has no partition {bound.partition}")
            return {(bound.topic, bound.partition): bound.offset}
        ends = await source.end_offsets(places)
        found = await source.offsets_for_times(dict.fromkeys(places, int(bound.timestamp() * 1000)))
    finally:
        await stop_consumer(source)
    prefix = config.topic_prefix
    # Where nothing is as late as that, everything there is lies before it.
    return {(p.topic.removeprefix(prefix), p.partition): at.offset if at else ends[p] for p, at in found.items()}
