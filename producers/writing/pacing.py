"""How long a writing is waited for: its first piece, each further one, and the whole."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import TypeVar

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """The longest that a model is waited for, in seconds."""

    first_s: float = 60.0
    between_s: float = 30.0
    whole_s: float = 300.0


async def paced(items: AsyncGenerator[T, None], patience: Patience) -> AsyncGenerator[T, None]:
    """The same items; `StepFailure(provider_timeout)` when one does not come in time. `items` are closed at the end."""
    ends = asyncio.get_running_loop().time() + patience.whole_s
    waits_s, what = patience.first_s, "first piece"
    try:
        while True:
            left_s = ends - asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout(min(waits_s, left_s)):
                    item = await anext(items)
            except StopAsyncIteration:
                return
            except TimeoutError:
                part, limit_s = (what, waits_s) if waits_s < left_s else ("end of the text", patience.whole_s)
                detail = f"the language model sent no {part} within {limit_s:g} s"
                raise StepFailure(ErrorCode.PROVIDER_TIMEOUT, detail) from None
            yield item
            waits_s, what = patience.between_s, "further piece"
    finally:
        await items.aclose()
