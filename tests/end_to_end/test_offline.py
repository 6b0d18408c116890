"""A replay where nothing but the broker and Postgres can be reached, without any key of an outside service."""

import subprocess
import sys

import pytest
from support.stack import Api, Stack

from muniment.infra.offline.__main__ import NOT_PERMITTED, wall
from muniment.infra.stack import scratch


@pytest.mark.skipif(wall() is None, reason=NOT_PERMITTED.splitlines()[0])
def test_every_read_model_is_rebuilt_without_network_and_keys(stack: Stack, api: Api) -> None:
    """In a network namespace of its own every read model is folded again and equal; no embedding call is made."""
    done = api.indexed("The lonely offlineowl reads the log.", "owl.txt")
    api.indexed("A second offlineowl.", "owl-2.txt")
    before = asked(stack)
    told = subprocess.run(
        [sys.executable, "-m", "muniment.infra.offline", "--home", str(stack.home)],
        env=scratch.environment(stack.home),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert told.returncode == 0, f"{told.stdout}\n{told.stderr}"
    for name in ("documents", "jobs", "chunks", "dead_letters", "operations"):
        assert f"{name} is now read from" in told.stdout
    assert "differences accepted" not in told.stdout
    assert asked(stack) == before
    assert next(hit["document_id"] for hit in api.search("lonely offlineowl", mode="text")) == done["document_id"]


def asked(stack: Stack) -> int:
    """How many calls of the model there were."""
    return stack.endpoint.calls()["requests"]
