"""A disk that is full: nothing is acknowledged that is not stored, nothing is half stored, and with room it goes on."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response
from support.accepting import instance
from support.small_disk import fill, small_disk

BIG = b"y" * 2_000_000
"""More than is spooled in memory."""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MiB."""
    with small_disk(tmp_path / "small", 8 * 1024) as made:
        yield made


async def upload(api: Any, key: str, content: bytes, **headers: str) -> Response:
    """Upload a file."""
    async with api.client(key) as client:
        return await client.post("/v1/documents", files={"file": ("a.txt", content)}, headers=headers)


def files(folder: Path) -> list[Path]:
    """What lies in the blob store, drafts included."""
    return [path for path in (folder / "blobs").rglob("*") if path.is_file()]


@pytest.mark.parametrize("leave_kib", [0, 1024], ids=["nothing left", "room for half"])
async def test_a_full_blob_store_accepts_nothing(pair: Any, folder: Path, leave_kib: int) -> None:
    """503 `disk_full` with Retry-After; no command, claim or half a file; with room again the same upload is taken."""
    async with instance(pair.bootstrap, pair.database_url, folder, pair.prefix) as api:
        assert (await upload(api, pair.key, b"first")).status_code == 202
        there = files(folder)
        other = fill(folder, leave_kib)
        answer = await upload(api, pair.key, BIG)
        assert (answer.status_code, answer.json()["code"]) == (503, "disk_full"), answer.text
        assert int(answer.headers["Retry-After"]) >= 1
        assert files(folder) == there
        assert len(await pair.command_ids()) == 1
        other.unlink()
        done = await upload(api, pair.key, BIG)
        assert done.status_code == 202
        ids = await pair.command_ids()
        assert (len(ids), done.json()["job_id"] in ids) == (2, True)


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": '"a"'}], ids=["plain", "with a key"])
async def test_no_room_for_the_spool(
    pair: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    """The folder of temporary files is full: 503 `disk_full` as well, with and without a key."""
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    other = fill(folder)
    answer = await upload(pair.one, pair.key, BIG, **headers)
    assert (answer.status_code, answer.json()["code"]) == (503, "disk_full"), answer.text
    other.unlink()
    assert (await upload(pair.one, pair.key, BIG, **headers)).status_code == 202
    assert len(await pair.command_ids()) == 1
