"""Doors with breakers: a host that has failed too often is left alone, and nobody waits for its time-out again."""

from contextlib import AbstractAsyncContextManager

from muniment.producers.breakers.breakers import Breakers
from muniment.schemas.breakers import FETCHING
from muniment.schemas.web_address import WebAddress
from muniment.stream_apps.fetching.port import Door


def doors(breakers: Breakers) -> Door:
    """Each host and port has a breaker of its own."""

    def before(address: WebAddress) -> AbstractAsyncContextManager[None]:
        return breakers.of(FETCHING, f"{address.host}:{address.port}").calling()

    return before
