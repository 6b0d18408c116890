"""Has an endpoint called from a thread with an event loop of its own, so that its answers do not wait to be read.

An answer is paid for when the endpoint gives it, and safe when it is noted. In between it lies in a socket until the
loop comes round to it, several times for a long one; the loop of a worker is busy with everything else that steps do,
and a kill at such a moment costs the call. The thread does nothing but read answers and have them noted. It takes a
few turns of the interpreter for that, each of which a busy loop gives up only when it has to: so it has to sooner.
"""

import asyncio
import sys
import threading
from collections.abc import Sequence
from typing import Protocol

from muniment.producers.embedding.embedder import Embedded, Embedder, Purpose, nothing

SWITCH_S = 0.0005
"""After so long a thread gives way to another one that waits for the interpreter; the usual 5 ms, several times for one
answer, are most of the time that an answer is paid for and not yet safe (18 ms of a busy process; with this, 6)."""


class Client(Embedder, Protocol):
    """An adapter with connections."""

    async def close(self) -> None:
        """Close them."""
        ...


class BesideEmbedder:
    """An embedder whose calls run beside the loop of its callers; what they set (`noting`, say) holds there, too."""

    def __init__(self, inner: Client) -> None:
        self._inner = inner
        self._loop = asyncio.new_event_loop()
        # A daemon: nobody waits for it who ends without closing.
        self._thread = threading.Thread(target=self._serve, name="embedding", daemon=True)

    @property
    def model(self) -> str:
        """The model's name."""
        return self._inner.model

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._inner.dimensions

    async def embed(self, texts: Sequence[str], *, purpose: Purpose) -> Embedded:
        """See `Embedder.embed`. Who is cancelled here cancels the call there."""
        if not texts:
            return nothing(self.dimensions)
        if not self._thread.is_alive():
            self._thread.start()
        # The task takes over the caller's context variables: `call_soon_threadsafe` copies them.
        call = asyncio.run_coroutine_threadsafe(self._inner.embed(texts, purpose=purpose), self._loop)
        return await asyncio.wrap_future(call)

    async def close(self) -> None:
        """Close the connections and end the thread; a call that is under way is cancelled, there and for its caller."""
        if not self._thread.is_alive():
            self._loop.close()
            await self._inner.close()
            return
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._inner.close(), self._loop))
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join)

    def _serve(self) -> None:
        sys.setswitchinterval(min(SWITCH_S, sys.getswitchinterval()))
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(_ended())
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()


async def _ended() -> None:
    """Cancel what is still under way in this loop, and wait until it is over: nothing is dropped half done."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
