"""One suite for every place outside: a folder and a bucket with object lock keep the same promises."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.ports import free_port

from muniment.producers.sealing.places import FolderPlace, Place, S3Place
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

BUCKET = "muniment-checkpoints"
FAKE: dict[str, Any] = {"access_key_id": "not-a-key", "secret_access_key": "not-a-secret", "region": "us-east-1"}


def options(port: int) -> dict[str, Any]:
    """What S3Place needs for a server on this machine."""
    quick = {"max_retries": 0}
    return FAKE | {
        "endpoint": f"http://127.0.0.1:{port}",
        # Where there is a lock S3 asks for "Content-MD5 OR x-amz-checksum-", and gets that; moto asks for another one.
        "client_options": {"allow_http": True, "default_headers": {"x-amz-sdk-checksum-algorithm": "SHA256"}},
        "retry_config": quick,
    }


@pytest.fixture(scope="module")
def s3() -> Iterator[tuple[int, Any]]:
    """moto's S3 server with a bucket whose objects nobody can remove for ten years; and a client to look at it."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    port = server.get_host_and_port()[1]
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id=FAKE["access_key_id"],
        aws_secret_access_key=FAKE["secret_access_key"],
        region_name=FAKE["region"],
    )
    client.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 10}}
    client.put_object_lock_configuration(
        Bucket=BUCKET, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )
    yield port, client
    client.close()
    server.stop()


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """The place under test."""
    if request.param == "folder":
        return FolderPlace(tmp_path / "outside")
    return S3Place(BUCKET, **options(request.getfixturevalue("s3")[0]))


@pytest.fixture(params=["folder", "s3"])
def cut_off(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A place that is away."""
    if request.param == "folder":
        (tmp_path / "outside").write_text("a file where the folder should be")
        return FolderPlace(tmp_path / "outside")
    return S3Place(BUCKET, **options(free_port()))


async def test_what_is_there_is_never_replaced(place: Place, unique: str) -> None:
    """The same again is nothing new; another content is given back, and not written."""
    name = f"{unique}/topic/0/1.note"
    assert await place.put(name, b"first") is None
    assert await place.put(name, b"first") is None
    assert await place.put(name, b"other") == b"first"
    assert await place.put(name, b"first") is None


async def test_what_lies_there_is_listed_and_read(place: Place, unique: str) -> None:
    """In order, of one folder only, and only what comes after a name; a folder that is not there is empty."""
    for name in ("0/2.note", "0/1.note", "1/3.note", "0/10.note"):
        await place.put(f"{unique}/{name}", name.encode())
    assert await place.names(f"{unique}/0") == [f"{unique}/0/{name}.note" for name in ("1", "10", "2")]
    assert await place.names(f"{unique}/0", f"{unique}/0/1.note") == [f"{unique}/0/{n}.note" for n in ("10", "2")]
    assert await place.names(f"{unique}/2") == []
    assert await place.get(f"{unique}/1/3.note") == b"1/3.note"
    with pytest.raises(StepFailure):
        await place.get(f"{unique}/1/4.note")


async def test_a_place_that_is_away_is_said_to_be(cut_off: Place) -> None:
    """So that the next round tries again."""
    for asked in (cut_off.put("a/b.note", b"x"), cut_off.names("a"), cut_off.get("a/b.note")):
        with pytest.raises(StepFailure) as told:
            await asked
        assert told.value.code == ErrorCode.BLOB_UNAVAILABLE


async def test_an_object_under_lock_cannot_be_removed(s3: tuple[int, Any], unique: str) -> None:
    """The store itself holds it, by the bucket's own rule, and knows its SHA-256."""
    port, client = s3
    await S3Place(BUCKET, **options(port)).put(f"{unique}.note", b"x")
    found = client.head_object(Bucket=BUCKET, Key=f"{unique}.note", ChecksumMode="ENABLED")
    assert found["ObjectLockMode"] == "COMPLIANCE"
    assert found["ChecksumSHA256"]
    with pytest.raises(client.exceptions.ClientError, match="AccessDenied"):
        client.delete_object(Bucket=BUCKET, Key=f"{unique}.note", VersionId=found["VersionId"])
