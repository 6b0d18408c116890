"""Steps with real child processes, on a folder instead of a database."""

from pathlib import Path

import pytest
from support.key_ring import MemoryKeyRing
from support.steps import Deleted, FolderClaims

from muniment.stream_apps.child import Children
from muniment.stream_apps.chunking.policy import ChunkPolicy
from muniment.stream_apps.chunking.step import Chunking
from muniment.stream_apps.extracting.limits import Limits
from muniment.stream_apps.extracting.step import Extracting
from muniment.stream_apps.scrubbing.kinds import ALL


@pytest.fixture
def ring() -> MemoryKeyRing:
    """Keys in memory."""
    return MemoryKeyRing()


@pytest.fixture
def claims(tmp_path: Path) -> FolderClaims:
    """Blobs in a folder."""
    return FolderClaims(tmp_path / "blobs")


@pytest.fixture
def deleted() -> Deleted:
    """Nothing is deleted yet."""
    return Deleted()


@pytest.fixture
def work_folder(tmp_path: Path) -> Path:
    """Where steps put what they are at work on: empty before and after."""
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture
def extracting(claims: FolderClaims, deleted: Deleted, work_folder: Path) -> Extracting:
    """The step, with one child."""
    return Extracting(
        claims, Children(1), deleted, folder=work_folder, limits=Limits(file_bytes_max=1 << 20), kinds=ALL, timeout_s=30
    )


@pytest.fixture
def chunking(claims: FolderClaims, deleted: Deleted, ring: MemoryKeyRing, work_folder: Path) -> Chunking:
    """The step, with one child and small chunks."""
    policy = ChunkPolicy(max_tokens=32, overlap_tokens=4, small_tokens=8)
    return Chunking(claims.blobs, ring, Children(1), deleted, folder=work_folder, policy=policy, timeout_s=30)
