"""Which addresses may be connected to: those of the public internet, and networks that are allowed by name. Pure.

Sources: the special-purpose registries of IANA (RFC 6890), RFC 6052 (NAT64), RFC 3056 (6to4).
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64 = IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NEVER = tuple(
    ip_network(text)
    for text in (
        # Clouds answer on these whoever asks from inside: metadata of Azure (public by number), relays of 6to4.
        "168.63.129.16/32",
        "192.88.99.0/24",
        "192.0.0.0/24",
        "2001::/23",
        "2002::/16",
        "3fff::/20",
    )
)


def is_public(text: str, allowed: Iterable[Network] = ()) -> bool:
    """Whether the literal address may be connected to; `allowed` networks may, whatever they are.

    An IPv4 address inside an IPv6 one counts as what it is. Raises `ValueError` for what is no address.
    """
    # What stands behind a % is the interface, not the address.
    given = ip_address(text.partition("%")[0])
    inner = _inner(given)
    if any(one in network for network in allowed for one in (given, inner) if one.version == network.version):
        return True
    if any(inner in network for network in _NEVER if network.version == inner.version):
        return False
    if isinstance(inner, IPv6Address) and inner not in _GLOBAL_UNICAST:
        return False
    return inner.is_global and not inner.is_multicast and not inner.is_reserved


def _inner(address: Address) -> Address:
    if not isinstance(address, IPv6Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address
