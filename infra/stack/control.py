"""Talking to the supervisor that runs: over its own socket, in its own language (XML-RPC)."""

import http.client
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from xmlrpc.client import Fault, ServerProxy

from supervisor.xmlrpc import Faults, SupervisorTransport

# The answers come from our own socket, which only we can open.
FAILURES = (OSError, http.client.HTTPException, Fault)


@dataclass(frozen=True)
class State:
    """What the supervisor says of one part. `state` is its word, such as RUNNING, BACKOFF or FATAL."""

    name: str
    state: str
    pid: int
    detail: str

    @property
    def running(self) -> bool:
        """Whether the part has a process: one that was started just now counts."""
        return self.state in {"RUNNING", "STARTING"}

    @property
    def given_up(self) -> bool:
        """Whether the supervisor does not try again on its own."""
        return self.state == "FATAL"


class Control:
    """One supervisor. Every method raises `ConnectionError` when it does not answer."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def _call(self, method: str, *arguments: Any) -> Any:
        proxy = ServerProxy("http://127.0.0.1", transport=SupervisorTransport(None, None, f"unix://{self._socket}"))
        try:
            return getattr(proxy.supervisor, method)(*arguments)
        except Fault:
            raise
        except FAILURES as cause:
            raise ConnectionError("the supervisor does not answer") from cause

    def states(self) -> tuple[State, ...]:
        """All parts."""
        found = cast("list[dict[str, Any]]", self._call("getAllProcessInfo"))
        return tuple(State(one["name"], one["statename"], one["pid"], one["description"]) for one in found)

    def answers(self) -> bool:
        """Whether it is up."""
        try:
            self._call("getState")
        except (ConnectionError, Fault):
            return False
        return True

    def stopping(self) -> bool:
        """Whether it is on its way out; also when it has closed its socket already."""
        try:
            self._call("getState")
        except ConnectionError:
            return not self._socket.exists()
        except Fault as fault:
            return bool(fault.faultCode == Faults.SHUTDOWN_STATE)
        return False

    def start(self, stage: str, name: str) -> None:
        """Start a part without waiting for it; one that runs already is left alone."""
        try:
            self._call("startProcess", f"{stage}:{name}", False)
        except Fault as fault:
            if fault.faultCode != Faults.ALREADY_STARTED:
                raise

    def shut_down(self) -> None:
        """Stop everything, the last stage first, and end the supervisor itself; fine when it is doing so."""
        try:
            self._call("shutdown")
        except Fault as fault:
            if fault.faultCode != Faults.SHUTDOWN_STATE:
                raise
