"""The hosts, each on the real broker, behind one small face."""

import asyncio
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

sys.path.insert(0, str(Path(__file__).parents[2]))

from support.hosted import Hosted, faust_hosted, service_hosted

KINDS = {"faust": faust_hosted, "service": service_hosted}


@pytest_asyncio.fixture(params=sorted(KINDS), scope="module", loop_scope="module")
async def hosted(request: pytest.FixtureRequest, kafka_bootstrap: str) -> AsyncIterator[Hosted]:
    """A running host of each kind with the toy step, the mover beside it, tiers of milliseconds.

    One for all tests of a file: each looks at documents of its own.
    """
    running = await Hosted.begin(kafka_bootstrap, f"t{uuid.uuid4().hex[:12]}", KINDS[request.param])
    try:
        yield running
    finally:
        async with asyncio.timeout(90):
            await running.end()
