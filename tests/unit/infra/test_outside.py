"""Where texts may be sent to be embedded, and with which key."""

import pytest

from muniment.infra.outside import endpoint_key
from muniment.infra.settings import Settings
from muniment.schemas.errors import StepFailure

SETTINGS = Settings(
    openai_base_url="http://own.example/v1",
    openai_api_key="own-key",
    embedding_endpoints="https://big.example/v1=big-key https://open.example/v1/",
)


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("", "own-key"),
        ("http://own.example/v1/", "own-key"),
        ("https://big.example/v1", "big-key"),
        ("https://open.example/v1", "unused"),
    ],
)
def test_each_endpoint_gets_its_own_key(address: str, key: str) -> None:
    """And never that of another."""
    assert endpoint_key(SETTINGS, address) == key


@pytest.mark.parametrize("address", ["https://thief.example/v1", "https://big.example/v1/more", "https://big.example"])
def test_texts_go_nowhere_else(address: str) -> None:
    """What the settings do not name is not asked, whoever wants it."""
    with pytest.raises(StepFailure, match="provider_auth"):
        endpoint_key(SETTINGS, address)
