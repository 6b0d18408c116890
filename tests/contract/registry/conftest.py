"""The registries that have to answer alike."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from support import registries
from support.registries import Running

HERE = Path(__file__).parent
LIMIT_S = 400
"""Of one test: the first one waits for Apicurio to start and be filled, on a machine that may be busy."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of this folder their own limit."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.timeout(LIMIT_S))


@pytest.fixture(scope="session", params=["ours", "apicurio"])
def registry(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A registry with all schemas."""
    if request.param == "ours":
        with registries.ours() as running:
            yield running
        return
    registries.peer("apicurio")
    with registries.apicurio(tmp_path_factory.mktemp("apicurio")) as running:
        yield running


@pytest.fixture
def http(registry: Running) -> Iterator[httpx2.Client]:
    """What asks it without a client library."""
    with httpx2.Client(base_url=registry.url, trust_env=False, timeout=90) as client:
        yield client
