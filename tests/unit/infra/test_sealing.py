"""Where checkpoints go, from an address."""

import pytest

from muniment.infra.not_set import NotSetError
from muniment.infra.sealing import place_outside
from muniment.producers.sealing.places import FolderPlace, S3Place


def test_a_folder_and_a_bucket_are_places() -> None:
    """By the address's scheme."""
    assert isinstance(place_outside("file:///somewhere/else"), FolderPlace)
    assert isinstance(place_outside("s3://bucket/folder?region=eu-central-1"), S3Place)


@pytest.mark.parametrize(
    "address", ["", "folder", "file://host/x", "file:///", "s3://", "https://x", "s3://b?colour=red"]
)
def test_any_other_address_says_what_it_has_to_be(address: str) -> None:
    """With the name of the setting."""
    with pytest.raises(NotSetError, match="MUNIMENT_CHECKPOINTS_URL"):
        place_outside(address)
