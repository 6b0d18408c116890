"""What the settings allow a fetch."""

from ipaddress import ip_network
from typing import Any

import pytest

from muniment.infra.fetching import fetch_limits
from muniment.infra.not_set import NotSetError
from muniment.infra.settings import Settings


def settings(**given: Any) -> Settings:
    return Settings(_env_file=None, **given)


def test_by_default_only_the_public_web_is_fetched_from() -> None:
    """The usual ports, no private network, no more than a document may be."""
    limits = fetch_limits(settings(max_document_bytes=7))
    assert (limits.ports, limits.allowed, limits.bytes_max) == (frozenset({80, 443}), (), 7)


def test_ports_and_networks_are_allowed_by_name() -> None:
    """Several, separated by commas."""
    limits = fetch_limits(settings(fetch_ports="80,8080", fetch_allow="127.0.0.1/32, fd00::/8", fetch_timeout_s=5))
    assert limits.ports == frozenset({80, 8080})
    assert limits.allowed == (ip_network("127.0.0.1/32"), ip_network("fd00::/8"))
    assert limits.total_s == 5


@pytest.mark.parametrize("given", [{"fetch_ports": "http"}, {"fetch_allow": "10.0.0.1/8"}, {"fetch_allow": "inside"}])
def test_what_is_none_is_named(given: dict[str, str]) -> None:
    """Before anything is opened."""
    with pytest.raises(NotSetError, match="MUNIMENT_FETCH"):
        fetch_limits(settings(**given))
