"""Request ids and W3C trace context: taken from the caller when valid, made otherwise."""

import os
import re
from dataclasses import dataclass

_REQUEST_ID = re.compile(r"req-[0-9a-zA-Z]{16}", re.ASCII)
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class RequestIds:
    """Under which names the logs, the log and the caller know a request."""

    request_id: str
    traceparent: str

    @property
    def trace_id(self) -> str:
        """The trace id within `traceparent`."""
        return self.traceparent.split("-")[1]


def request_ids(given_id: str, given_traceparent: str) -> RequestIds:
    """The ids of a request: an incoming trace goes on with a span of our own, an incoming request id is kept."""
    # Asked of the system once: each time is a call of the kernel.
    fresh = os.urandom(32).hex()
    request_id = given_id if _REQUEST_ID.fullmatch(given_id) else f"req-{fresh[:16]}"
    if _TRACEPARENT.fullmatch(given_traceparent):
        trace, flags = given_traceparent.split("-")[1::2]
    else:
        trace, flags = fresh[16:48], "01"
    return RequestIds(request_id, f"00-{trace}-{fresh[48:]}-{flags}")
