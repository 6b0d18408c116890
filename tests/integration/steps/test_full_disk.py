"""A worker whose disk is full: the record waits in place, and goes on when there is room."""

import asyncio
from pathlib import Path
from uuid import UUID

from support.key_ring import MemoryKeyRing
from support.publisher import MemoryPublisher
from support.small_disk import fill, small_disk
from support.steps import Deleted, FolderClaims, envelope_of, names_in

from muniment.producers.log_codec import LogCodec
from muniment.schemas.documents import DocumentSubmitted
from muniment.stream_apps.child import Children
from muniment.stream_apps.extracting.limits import Limits
from muniment.stream_apps.extracting.step import Extracting
from muniment.stream_apps.hosting.settle import Settler
from muniment.stream_apps.scrubbing.kinds import ALL

TEXT = "A line of a document that needs some room.\n" * 20_000


async def test_a_full_work_folder_is_waited_for(tmp_path: Path, ring: MemoryKeyRing) -> None:
    """No attempt, no dead letter, nothing refused: it is tried again in place until there is room, then it is done."""
    log = MemoryPublisher()
    claims = FolderClaims(tmp_path / "blobs")
    with small_disk(tmp_path / "small", 4 * 1024) as folder:
        other = fill(folder)
        step = Extracting(
            claims,
            Children(1),
            Deleted(),
            folder=folder,
            limits=Limits(file_bytes_max=1 << 22),
            kinds=ALL,
            timeout_s=30,
        )
        event = DocumentSubmitted(
            document_id=UUID(int=1),
            version=1,
            job_id=UUID(int=2),
            file_name="a.txt",
            title=None,
            metadata={},
            blob=await claims.store(TEXT.encode()),
            size_bytes=len(TEXT),
            source="test",
            lane="normal",
        )
        record = (await envelope_of(event, ring)).record
        pauses = []

        async def pause(seconds: float) -> None:
            pauses.append(seconds)
            assert not log.sent
            if len(pauses) == 3:
                other.unlink()
            await asyncio.sleep(0)

        assert await Settler(LogCodec(ring), log, sleep=pause).settle(step, record) == "done"
        assert len(pauses) == 3
        assert [sent.header("ce_type") for sent in log.sent] == ["muniment.DocumentExtracted.v1"]
        assert names_in(folder) == set()
