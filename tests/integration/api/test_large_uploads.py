"""Uploads that are larger than the API takes, over a real socket."""

import asyncio

import pytest

from muniment.infra.cli.client import Access, ApiError, Client


@pytest.mark.parametrize("mib", [2, 40])
async def test_too_large_a_file_is_told_before_it_is_all_sent(served, tmp_path, mib):
    """The answer is 413 and reaches a client that is still sending; nothing is accepted."""
    file = tmp_path / "large.bin"
    with file.open("wb") as out:
        out.truncate(mib * 2**20)
    async with asyncio.timeout(60), Client(Access(served.url, served.mine)) as api:
        before = (await api.get("/v1/jobs", limit=1))["items"]
        with pytest.raises(ApiError) as caught:
            await api.upload(file, "large.bin", {})
        assert caught.value.code == "too_large"
        assert (await api.get("/v1/jobs", limit=1))["items"] == before
