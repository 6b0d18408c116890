"""What an entry says of a caller's address, program and question without holding anything personal. Pure.

A network is an address cut to 24 bits (IPv4) or 48 bits (IPv6): hundreds of subscribers or more lie in each. A mark is
HMAC-SHA-256 (RFC 2104) under the tenant's secret, of the purpose and the text: equal texts have equal marks, so that
somebody with the right to ask can test a guess, and nobody without the secret can try guesses through.
"""

import hmac
import unicodedata
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

ADDRESS = "address"
QUERY = "query"
SUBJECT = "subject"
KNOWN = 256
"""How many addresses, and programs, are known again: whoever asks a lot is not looked at anew at each request."""
_BITS = {4: 24, 6: 48}
_KNOWN = {
    "browser": ("mozilla", "opera"),
    "muniment": ("muniment",),
    "tool": ("curl", "wget", "httpie", "xh", "postmanruntime", "insomnia"),
    "library": (
        "python", "httpx", "aiohttp", "requests", "urllib", "okhttp", "java", "apache-httpclient", "go-http-client",
        "node", "axios", "undici", "got", "ruby", "faraday", "dart", "guzzlehttp", "libcurl", "reqwest", "hyper",
    ),
}  # fmt: skip


@lru_cache(maxsize=KNOWN)
def network(address: str) -> str:
    """The network of an address; a loopback address as it is, and nothing for what is no address."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    if found.is_loopback:
        return str(found)
    return str(ip_network(f"{found}/{_BITS[found.version]}", strict=False))


@lru_cache(maxsize=KNOWN)
def plain_address(address: str) -> str:
    """An address as it is marked: one spelling each, an IPv4 address in IPv6 (RFC 4291, 2.5.5.2) as itself."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    return str(found.ipv4_mapped if isinstance(found, IPv6Address) and found.ipv4_mapped else found)


@lru_cache(maxsize=KNOWN)
def agent(user_agent: str) -> str:
    """The class of the program that asked, by the first word of its `User-Agent`: the rest can tell persons apart."""
    first = user_agent.strip().lower().replace("/", " ").split(" ")[0]
    if not first:
        return "none"
    for kind, names in _KNOWN.items():
        if any(first == name or first.startswith(f"{name}-") for name in names):
            return kind
    return "other"


def mark(secret: bytes, purpose: str, text: str) -> str:
    """The keyed mark of a text, 64 hexadecimal digits; equal for texts that are equal when composed (NFC) and trimmed.

    `secret` is the tenant's; `purpose` (`ADDRESS`, `QUERY`, `SUBJECT`) keeps marks of different things apart.
    """
    composed = unicodedata.normalize("NFC", text).strip()
    return hmac.digest(secret, f"muniment.audit/{purpose}\0{composed}".encode(errors="surrogatepass"), "sha256").hex()
