"""Addresses of blob stores, and what is said of settings that are missing."""

from pathlib import Path
from typing import Any

import pytest

from muniment.api.settings import MIB
from muniment.infra import bootstrap, outside, stepping
from muniment.infra.not_set import NotSetError, required
from muniment.infra.outside import blob_store
from muniment.infra.settings import Settings
from muniment.producers.local_blobs import LocalBlobs
from muniment.stream_apps.extracting.limits import Limits

ALL = {"kafka_bootstrap": "127.0.0.1:1", "database_url": "postgresql://a:b@127.0.0.1:1/c"}


def settings(home: Path, **given: Any) -> Settings:
    return Settings(home=home, _env_file=None, **{"OPENAI_BASE_URL": "http://127.0.0.1:1/v1", **ALL, **given})


async def test_a_folder_is_a_store(tmp_path: Path) -> None:
    """An address with characters that addresses quote leads to the folder of that name."""

    async def pieces():
        yield b"content"

    folder = tmp_path / "a b%c"
    store = blob_store(folder.as_uri())
    blob = await store.put("acme", pieces())
    assert b"".join([piece async for piece in LocalBlobs(folder).open("acme", blob.ref)]) == b"content"


def test_a_bucket_takes_its_options(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bucket, prefix and options come from the address; the last of two equal names holds."""
    seen = []
    monkeypatch.setattr(outside, "S3Blobs", lambda bucket, **options: seen.append((bucket, options)))
    blob_store("s3://papers")
    blob_store("s3://papers/muniment/blobs/?endpoint=http://127.0.0.1:9&region=a&region=b")
    assert seen[0] == ("papers", {})
    assert seen[1] == ("papers", {"prefix": "muniment/blobs", "endpoint": "http://127.0.0.1:9", "region": "b"})


@pytest.mark.parametrize(
    "address",
    ["", "nonsense", "/a/folder", "ftp://host/x", "file://", "file:///", "file://host/x", "s3:///x", "s3://b?what=1"],
)
def test_another_address_names_the_setting(address: str) -> None:
    """Also options that S3 does not know: all of it is said before anything is opened."""
    with pytest.raises(NotSetError, match="MUNIMENT_BLOB_URL"):
        blob_store(address)


def test_what_is_missing_is_named_with_what_to_do() -> None:
    """The setting, and the command that makes it unnecessary."""
    assert required("here", "MUNIMENT_X") == "here"
    for nothing in (None, ""):
        with pytest.raises(NotSetError, match=r"MUNIMENT_X is not set.*muniment up"):
            required(nothing, "MUNIMENT_X")


@pytest.mark.parametrize(
    ("missing", "name"),
    [
        ({"database_url": None}, "MUNIMENT_DATABASE_URL"),
        ({"kafka_bootstrap": None}, "MUNIMENT_KAFKA_BOOTSTRAP"),
        ({"OPENAI_BASE_URL": None}, "OPENAI_BASE_URL"),
        ({"blob_url": "nonsense"}, "MUNIMENT_BLOB_URL"),
    ],
)
async def test_parts_say_what_is_missing_before_they_open_anything(
    tmp_path: Path, missing: dict[str, Any], name: str
) -> None:
    """No connection is tried: nothing listens where the other settings point."""
    with pytest.raises(NotSetError, match=name):
        async with bootstrap.parts(settings(tmp_path, **missing), client_id="test"):
            pass


def test_sizes_of_chunks_that_do_not_go_together_are_named(tmp_path: Path) -> None:
    """The settings, not the fields they end up in alone."""
    assert stepping.chunk_policy(settings(tmp_path, chunk_tokens_max=64)).small_tokens == 64
    with pytest.raises(NotSetError, match=r"MUNIMENT_CHUNK_OVERLAP_TOKENS: overlap_tokens must be"):
        stepping.chunk_policy(settings(tmp_path, chunk_tokens_max=32, chunk_overlap_tokens=20))


def test_the_work_folder_is_below_home(tmp_path: Path) -> None:
    """And gone when it is closed."""
    own = stepping.work_folder(settings(tmp_path))
    assert own.path.is_relative_to(tmp_path.resolve() / "work")
    own.close()
    assert not own.path.exists()


@pytest.mark.parametrize("mib", [1, 100, 512, 2048])
def test_a_document_that_is_not_too_large_fits_into_a_request(tmp_path: Path, mib: int) -> None:
    """With the rest of its form, whatever an operator sets; small documents may come together."""
    limits = bootstrap.api_settings(settings(tmp_path, max_document_bytes=mib * MIB))
    assert limits.max_upload_bytes == mib * MIB
    assert limits.max_request_bytes == max(512, mib + 1) * MIB


def test_the_largest_document_says_what_else_bounds_it() -> None:
    """The limits of reading that no setting changes, as they are."""
    told, limits = Settings.model_fields["max_document_bytes"].description or "", Limits()
    assert f"{limits.characters_max:,} characters" in told
    assert f"{limits.archive_bytes_max // MIB} MiB" in told


def test_how_long_reads_wait_is_the_setting(tmp_path: Path) -> None:
    """What an operator sets is what a read that names a position waits when it does not say; no longer than any may."""
    assert bootstrap.api_settings(settings(tmp_path, read_wait_s=9)).wait_default_s == 9
    with pytest.raises(ValueError, match="read_wait_s"):
        settings(tmp_path, read_wait_s=31)
