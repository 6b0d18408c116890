"""One whole stack for all end-to-end tests; each test has a tenant of its own, so none sees another's documents."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from support.held_port import held_port
from support.ports import free_port
from support.stack import Api, Stack, running_stack

HERE = Path(__file__).parent
FIRST = ("test_erasing.py", "test_rebuilding.py", "test_embedding_models.py")
"""What goes through everything that a stack has: soon, while that is little, in this order. An erasure waits twenty
seconds for workers that were killed before, which nobody can ask any more."""
LAST = ("test_large_documents.py",)
"""What leaves much behind that the others would have to read again."""
RUNNING = ExitStack()
"""The stack of this process, once a test has asked for it."""
LIMIT_S = 900
"""Of one test: the first one waits for the whole stack to start, on a machine that may be busy."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of this folder their own limit, unless they set one, and an order to its files."""
    here = [place for place, item in enumerate(items) if item.path.is_relative_to(HERE)]
    for place, item in zip(here, sorted((items[place] for place in here), key=_turn), strict=True):
        items[place] = item
    for item in items:
        if item.path.is_relative_to(HERE) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(LIMIT_S))


def _turn(item: pytest.Item) -> int:
    name = item.path.name
    return FIRST.index(name) if name in FIRST else len(FIRST) + (name in LAST)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """End the stack with the last test that may use it: at rest it would take time from all that come after."""
    if nextitem is None or not nextitem.path.is_relative_to(HERE):
        RUNNING.close()


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """A whole stack on the fixed endpoint, a limit of 64 MiB so that "too large" is cheap to reach.

    It may fetch from one port of this machine, and have texts embedded at another one.
    """
    settings = {
        "MUNIMENT_MAX_DOCUMENT_BYTES": str(64 * 1024 * 1024),
        "MUNIMENT_FETCH_ALLOW": "127.0.0.1/32",
        "MUNIMENT_EMBEDDING_PRICE_PER_MILLION_TOKENS": "20",
        # What waits for a read model or a vector is answered with what it waited for, however busy the machine is.
        "MUNIMENT_READ_WAIT_S": "30",
        "MUNIMENT_QUESTION_TIMEOUT_S": "50",
        # Evidence is at hand soon.
        "MUNIMENT_SEAL_EVERY_S": "1",
        "MUNIMENT_EMBEDDING_ENDPOINTS": f"http://127.0.0.1:{free_port()}/v1",
    }
    with RUNNING:
        settings["MUNIMENT_FETCH_PORTS"] = str(RUNNING.enter_context(held_port()))
        yield RUNNING.enter_context(running_stack(settings=settings))


@pytest.fixture
def api(stack: Stack) -> Iterator[Api]:
    """A caller of a new tenant, the endpoint well-behaved and its counters at nought."""
    stack.endpoint.reset()
    yield stack.api()
    stack.endpoint.reset()
