"""A writing as it is timed and counted, whoever writes."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from muniment.producers.writing.calls import Call, Observe
from muniment.producers.writing.writer import Finished, Writing
from muniment.schemas.errors import MunimentError


async def observed(writing: Writing, provider: str, observe: Observe) -> AsyncGenerator[str | Finished, None]:
    """The same items; how it went is told when it has ended, whichever way."""
    began, first_s = time.monotonic(), None
    outcome, finished = "cancelled", Finished("", 0, 0, "")
    try:
        async with aclosing(writing):
            async for item in writing:
                if isinstance(item, Finished):
                    # Here, for nobody reads on after it: a writing is closed while it gives its end.
                    finished, outcome = item, "ok"
                elif first_s is None:
                    first_s = time.monotonic() - began
                yield item
        outcome = "ok"
    except MunimentError as error:
        outcome = error.code.value
        raise
    finally:
        whole_s = time.monotonic() - began
        observe(Call(provider, outcome, first_s, whole_s, finished.tokens_in, finished.tokens_out))
