"""The model server, and every writer that there is."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Protocol

import pytest
from support.model_server import ModelServer
from support.writer import FakeWriter

from muniment.producers.writing import openai
from muniment.producers.writing.extractive import ExtractiveWriter
from muniment.producers.writing.pacing import Patience
from muniment.producers.writing.provider import ProviderWriter
from muniment.producers.writing.writer import Writer

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
PATIENT = Patience(first_s=60, between_s=60, whole_s=100)
"""More than a server on this machine takes, however busy that is."""


class Make(Protocol):
    """See `make`."""

    def __call__(self, provider: str, patience: Patience = ...) -> Writer: ...


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    """A server of both protocols."""
    async with ModelServer().running() as running:
        yield running


@pytest.fixture
async def make(server: ModelServer) -> AsyncIterator[Make]:
    """Makes a writer by its provider's name; those that are models ask the server, as patiently as they are told to."""
    closing: list[ProviderWriter] = []

    def made(provider: str, patience: Patience = PATIENT) -> Writer:
        if provider == "fake":
            return FakeWriter()
        if provider == "extractive":
            return ExtractiveWriter(lambda text: len(text.split()))
        if provider == "openai":
            at = openai.Endpoint(f"{server.root}/v1", "gpt-4.1-mini", "secret-key", patience)
            writer: ProviderWriter = openai.OpenAIWriter(at, lambda text: len(text.split()), now=lambda: NOON)
        else:
            # Its package takes seconds to load: only of the process that runs these tests.
            from muniment.producers.writing import anthropic

            there = anthropic.Endpoint("claude-sonnet-5", server.root, "secret-key", patience)
            writer = anthropic.AnthropicWriter(there, now=lambda: NOON)
        closing.append(writer)
        return writer

    yield made
    for writer in closing:
        await writer.close()
