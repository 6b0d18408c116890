"""A process that replays a projection in small batches, so that a kill finds it at work. Not a test.

Arguments: broker, database, topic prefix, projection, length of the vectors, and `apart` for lanes in processes of
their own. Every key counts as destroyed: all
payloads fold as redactions, in this process as in the undisturbed one.
"""

import asyncio
import sys

from support.codec_apart import without_keys
from support.key_ring import OwnKeys

from muniment.producers.log_codec import LogCodec
from muniment.projections.config import ProjectionsConfig
from muniment.projections.registry import projection
from muniment.projections.replaying import load
from muniment.projections.replaying.processes import Processes
from muniment.projections.replaying.replay import How, replay


async def main(bootstrap: str, database_url: str, prefix: str, *given: str) -> None:
    """Replay, and say how far it is."""
    name, dimensions, where = given
    config = ProjectionsConfig(bootstrap, database_url, int(dimensions), topic_prefix=prefix)
    # Whatever batch a kill comes upon.
    load.BATCH = 20
    apart = Processes(without_keys, least=1, most=2) if where == "apart" else None
    how = How(lanes=2, on_progress=lambda p: say(f"{p.phase} {p.done} {p.total}"), apart=apart)
    done = await replay(projection(name, int(dimensions)), config, LogCodec(OwnKeys()), how)
    say("switched" if done.switched else "refused")


def say(line: str) -> None:
    """Tell whoever started this, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
