"""The step that fetches, wired: what the settings allow it."""

from ipaddress import ip_network

from muniment.infra.not_set import NotSetError
from muniment.infra.settings import Settings
from muniment.producers.breakers.breakers import Breakers
from muniment.producers.claims import Claims
from muniment.stream_apps.fetching.doors import doors
from muniment.stream_apps.fetching.http import FetchLimits, HttpFetcher
from muniment.stream_apps.fetching.step import Fetching


def fetching(settings: Settings, claims: Claims, breakers: Breakers) -> Fetching:
    """The step, with a breaker before each host. Raises `NotSetError` for ports or networks that are none."""
    limits = fetch_limits(settings)
    return Fetching(HttpFetcher(limits, door=doors(breakers)), claims, limit_s=limits.total_s)


def fetch_limits(settings: Settings) -> FetchLimits:
    """What a fetch may cost; `NotSetError` for ports or networks that are none."""
    try:
        return FetchLimits(
            bytes_max=settings.max_document_bytes,
            total_s=settings.fetch_timeout_s,
            ports=frozenset(int(port) for port in settings.fetch_ports),
            allowed=tuple(ip_network(network) for network in settings.fetch_allow),
        )
    except ValueError as error:
        raise NotSetError(f"MUNIMENT_FETCH_PORTS and MUNIMENT_FETCH_ALLOW: {error}") from None
