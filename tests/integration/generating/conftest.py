"""A desk at which drafts are written, on a real Postgres and against a server that speaks a model's protocol."""

from collections.abc import AsyncIterator

import pytest
from support.drafting import Desk, desk


@pytest.fixture(params=["openai", "anthropic"])
async def either(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[Desk]:
    """A desk with either model."""
    async with desk(database_url, request.param) as made:
        yield made


@pytest.fixture
async def one(database_url: str) -> AsyncIterator[Desk]:
    """A desk with a model."""
    async with desk(database_url) as made:
        yield made
