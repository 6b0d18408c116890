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


async def bounds(projection: Projection, config: ProjectionsConfig, begin: str, end: str) -> Bounds:
    """The offsets that two bounds come to. A place bounds its own partition only; an empty text bounds nothing.

    Raises:
        ValueError: a bound is neither a time nor a place of a topic that the projection reads.

    """
    return Bounds(await _offsets(projection, config, begin), await _offsets(projection, config, end))


async def _offsets(projection: Projection, config: ProjectionsConfig, text: str) -> dict[tuple[str, int], int]:
    if not text:
        return {}
    bound = parsed(text)
    if isinstance(bound, Position):
        if bound.topic not in {topic.name for topic in projection.topics}:
            names = ", ".join(topic.name for topic in projection.topics)
            raise ValueError(f"{projection.name} does not read {bound.topic}; it reads {names}")
        return {(bound.topic, bound.partition): bound.offset}
    source = sources.consumer(config.bootstrap, group=None, client_id="muniment-bounds")
    await source.start()
    try:
        places = await sources.partitions(source, sources.topic_names(projection, config.topic_prefix))
        ends = await source.end_offsets(places)
        found = await source.offsets_for_times(dict.fromkeys(places, int(bound.timestamp() * 1000)))
    finally:
        await stop_consumer(source)
    prefix = config.topic_prefix
    # Where nothing is as late as that, everything there is lies before it.
    return {(p.topic.removeprefix(prefix), p.partition): at.offset if at else ends[p] for p, at in found.items()}
