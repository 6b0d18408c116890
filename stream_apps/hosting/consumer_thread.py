"""The thread that Faust reads the log in: one that can be ended from outside, and that lets records gather.

Faust starts its consumer in a thread that the interpreter waits for at its end. Where Faust's own stop hangs (the
broker is away, or slow while a group forms) that thread goes on asking for the broker, and the process never ends.
"""

import asyncio
import time
from contextlib import suppress
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from mode.threads import WorkerThread

import muniment.producers.foreign_names  # noqa: F401 - so that Faust's consumers come past them
from muniment.stream_apps.hosting.pace import HAND_OVER_OFTEN, HAND_OVER_REST_S, Looks


class ConsumerThread(WorkerThread):
    """A thread that the interpreter does not wait for, and that `end` ends."""

    def __init__(self, service: Any, **kwargs: Any) -> None:
        super().__init__(service, **kwargs)
        self.daemon = True
        self._ended = False

    def run(self) -> None:
        """Run the consumer until it is stopped, or ended."""
        try:
            super().run()
        except RuntimeError:
            # What `run_until_complete` says of a loop that was stopped under it.
            if not self._ended:
                raise

    def end(self) -> None:
        """Stop the thread's loop where it stands: its connections go, nothing more is read, nothing is committed."""
        self._ended = True
        loop = self.service.thread_loop
        if not loop.is_closed():
            loop.call_soon_threadsafe(loop.stop)


class PacedThread(AIOKafkaConsumerThread):
    """What Faust asks for records: on a log on which many come one by one it lets some gather."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._looks = Looks()
        self._rest_s = 0.0

    async def getmany(self, active_partitions: Any, timeout: float) -> Any:  # noqa: ASYNC109 - Faust's own
        """See Faust. Called in the loop of the app, in a task of its own: what is under way goes on meanwhile."""
        if self._rest_s:
            await asyncio.sleep(self._rest_s)
        found = await super().getmany(active_partitions, timeout)
        records = sum(map(len, found.values()))
        # A look that brought all that it can was at a backlog: the next one is not put off.
        few = 0 < records < self.consumer.app.conf.broker_max_poll_records
        many_looks = few and self._looks.another(time.monotonic()) > HAND_OVER_OFTEN
        self._rest_s = HAND_OVER_REST_S if many_looks else 0.0
        return found


class PacedConsumer(Consumer):
    """Faust's consumer on such a thread."""

    def _new_consumer_thread(self) -> PacedThread:
        return PacedThread(self, loop=self.loop, beacon=self.beacon)


def use_own_threads() -> None:
    """Let Faust's consumers run in such threads; call it before an app is made."""
    AIOKafkaConsumerThread.Worker = ConsumerThread
    Transport.Consumer = PacedConsumer


def end_thread_of(app: Any) -> None:
    """End the consumer's thread of an app, if it has one that has not ended: its stop hangs, or did not get so far."""
    # Not `app.consumer`: that would make one for an app that has none yet.
    service = getattr(getattr(app, "_consumer", None), "_thread", None)
    thread = getattr(service, "_thread", None)
    if isinstance(thread, ConsumerThread) and thread.is_alive():
        thread.end()


def set_flow(app: Any, topic: str, partition: int, *, held: bool) -> None:
    """Have an app's consumer fetch no more of a partition, or go on with it. What it has fetched still comes.

    Not by Faust's own pausing: that drops what was fetched of a paused partition, and later takes the gap that this
    leaves for acknowledged.
    """
    service = getattr(app.consumer, "_thread", None)
    consumer = getattr(service, "_consumer", None)
    if service is not None and consumer is not None and not service.thread_loop.is_closed():
        service.thread_loop.call_soon_threadsafe(_set_flow, consumer, TopicPartition(topic, partition), held)


def _set_flow(consumer: Any, place: TopicPartition, held: bool) -> None:
    with suppress(IllegalStateError):  # it has gone to somebody else meanwhile
        (consumer.pause if held else consumer.resume)(place)
