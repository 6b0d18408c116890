"""Web addresses that may be fetched, taken apart. Pure: what a name leads to is not known here.

Strict rather than clever: an address that two programs could read in two ways is refused.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv6Address
from urllib.parse import quote, urljoin, urlsplit

LONGEST = 2048
PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
_PATH = "/%:@!$&'()*+,;=~"


@dataclass(frozen=True, slots=True)
class WebAddress:
    """An address, ready to be asked for.

    Attributes:
        scheme: `http` or `https`.
        host: The name or literal address, lower case, without brackets.
        port: Where to connect.
        target: Path and query as they are asked for, in ASCII.

    """

    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """Host and port as they stand in an address and in the `Host` header; the usual port is left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"


def parse(text: str) -> WebAddress:
    """Take an address apart. Its fragment is left out.

    Raises:
        ValueError: with one sentence about what is wrong; it repeats nothing of the address.

    """
    if len(text) > LONGEST:
        raise ValueError(f"the address is longer than {LONGEST} characters")
    if not text.isprintable() or " " in text or "\\" in text:
        raise ValueError("the address holds a character that none may hold")
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise ValueError("the address cannot be read") from None
    if parts.scheme not in PORTS:
        raise ValueError("the address has to begin with http:// or https://")
    if "@" in parts.netloc:
        raise ValueError("an address with a user name or password is not fetched")
    if port == 0 or parts.netloc.endswith(":"):
        raise ValueError("the address has a port that is none")
    target = quote(parts.path or "/", safe=_PATH)
    if parts.query:
        target += "?" + quote(parts.query, safe=_PATH + "?[]")
    return WebAddress(parts.scheme, _host(host, bracketed="[" in parts.netloc), port or PORTS[parts.scheme], target)


def redirected(address: WebAddress, location: str) -> WebAddress:
    """Where a redirect leads. Raises `ValueError` as `parse`, and when it leads from https back to http."""
    try:
        joined = urljoin(str(address), location)
    except ValueError:
        raise ValueError("the address cannot be read") from None
    found = parse(joined)
    if address.scheme == "https" and found.scheme == "http":
        raise ValueError("it leads from https to http")
    return found


def _host(given: str, *, bracketed: bool) -> str:
    if bracketed:
        try:
            # An interface of this machine, behind a %, is nobody's to name.
            return str(IPv6Address(given.replace("%", "?")))
        except ValueError:
            raise ValueError("the address has a host that is none") from None
    try:
        # Names in other scripts are asked for as IDNA has them.
        host = given.encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError:
        raise ValueError("the address has a host that is none") from None
    if not _HOST.fullmatch(host) or len(host) > 253:  # noqa: PLR2004 - RFC 1035
        raise ValueError("the address has a host that is none")
    return host
