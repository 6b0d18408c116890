"""Codecs for processes that fold for a test: here, so that a new process can import them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from support.key_ring import OwnKeys

from muniment.producers.log_codec import LogCodec


@asynccontextmanager
async def without_keys() -> AsyncIterator[LogCodec]:
    """A codec to which every key is destroyed."""
    yield LogCodec(OwnKeys())


@asynccontextmanager
async def refused() -> AsyncIterator[LogCodec]:
    """None: the process ends."""
    raise AssertionError("a process was begun")
    yield LogCodec(OwnKeys())
