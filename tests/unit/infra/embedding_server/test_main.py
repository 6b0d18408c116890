"""Arguments and environment of the server."""

from importlib import import_module
from pathlib import Path

import pytest

arguments = import_module("muniment.infra.embedding_server.__main__").arguments


def test_it_listens_on_this_machine_only_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback is the default, and the environment stands in for arguments."""
    assert arguments([]).host == "127.0.0.1"
    monkeypatch.setenv("MUNIMENT_EMBEDDING_SERVER_PORT", "9001")
    monkeypatch.setenv("MUNIMENT_EMBEDDING_SERVER_THREADS", "3")
    found = arguments(["--model", "somewhere", "--threads", "1"])
    assert (found.port, found.threads, found.model) == (9001, 1, Path("somewhere"))
