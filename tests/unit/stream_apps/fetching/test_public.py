"""Which addresses may be connected to."""

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.stream_apps.fetching.public import is_public

INSIDE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.0.2.1", "198.18.0.1",
    "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.88.99.1",
]  # fmt: skip
INSIDE_6 = [
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1", "2001:db8::1",
    "2001::1", "2002:7f00:1::1", "2002:808:808::1", "64:ff9b:1::1", "100::1", "3fff::1", "::7f00:1", "5f00::1",
]  # fmt: skip


@pytest.mark.parametrize("text", [*INSIDE, *INSIDE_6])
def test_what_is_not_public_is_not_connected_to(text: str) -> None:
    """Private, loopback, link-local, shared, reserved, multicast, for documents, and where clouds tell secrets."""
    assert not is_public(text)


@pytest.mark.parametrize("text", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_what_is_public_is_connected_to(text: str) -> None:
    """In whichever form a network hands it out."""
    assert is_public(text)


@given(st.sampled_from(INSIDE))
def test_an_address_hidden_in_another_is_what_it_is(text: str) -> None:
    """Mapped, translated, or carried over: the inside stays the inside."""
    number = int(IPv4Address(text))
    for hidden in (0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80, number):
        assert not is_public(str(IPv6Address(hidden)))


@given(st.ip_addresses())
def test_only_public_numbers_are_public(address: IPv4Address | IPv6Address) -> None:
    """Whatever the registries call not global is refused; never the other way round."""
    if is_public(str(address)) and isinstance(address, IPv4Address):
        assert address.is_global
    assert not (is_public(str(address)) and (address.is_private or address.is_multicast or address.is_loopback))


def test_a_network_may_be_allowed() -> None:
    """That one and no other, also when it is hidden in another form."""
    allowed = (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))
    assert is_public("10.1.9.9", allowed)
    assert is_public("::ffff:10.1.9.9", allowed)
    assert is_public("fd00::1", allowed)
    assert not is_public("10.2.0.1", allowed)
    assert not is_public("127.0.0.1", allowed)
