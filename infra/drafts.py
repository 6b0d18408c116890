"""Wires what the API stands on for drafts and scripts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from muniment.api.script_reads.streams import DraftStreams
from muniment.api.settings import ApiSettings
from muniment.infra.not_set import required
from muniment.infra.settings import Settings
from muniment.producers.draft_pieces import DraftPieces
from muniment.projections.waiting import Waiting


@asynccontextmanager
async def draft_streams(settings: Settings, limits: ApiSettings, waiting: Waiting) -> AsyncIterator[DraftStreams]:
    """The text of drafts as it comes, for whoever looks on at this process: one consumer for all of them."""
    async with DraftPieces(required(settings.kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP")) as pieces:
        streams = DraftStreams(pieces, limits)
        waiting.tell(streams.moved)
        try:
            yield streams
        finally:
            streams.close()
