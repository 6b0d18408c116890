"""Whether a request that changes something was made by a page of ours. Pure.

Browsers say where a request comes from (`Sec-Fetch-Site`, Fetch Metadata; `Origin`, RFC 6454), and no page of somebody
else can change what they say. A token of the session comes on top, for whatever a browser may forget (OWASP
Cross-Site Request Forgery Prevention).
"""

import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

HEADER = "X-CSRF-Token"
FIELD = "csrf_token"


def own_page(headers: Mapping[str, str], host: str) -> bool:
    """Whether the browser says that the request comes from a page of this very origin.

    `headers` have lower-case names; `host` is the host, with its port where it is not the usual one, that browsers
    know us by. A request that says neither comes from no browser of this decade, and is refused.
    """
    site = headers.get("sec-fetch-site")
    origin = headers.get("origin")
    if site is not None and site != "same-origin":
        return False
    if origin is not None:
        return bool(host) and urlsplit(origin).netloc.lower() == host.lower()
    return site is not None


def same_token(given: str | None, wanted: str) -> bool:
    """Whether the token is the session's; compared in constant time."""
    return given is not None and hmac.compare_digest(given.encode(), wanted.encode())
