"""One stack for all kills; nothing else uses it, and it ends with them: a stack at rest costs the other tests time."""

from collections.abc import Iterator

import pytest
from support.stack import Stack, running_stack


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A whole stack on the fixed endpoint, slow enough that a kill finds work under way."""
    with running_stack(base_ms=20, per_input_ms=0.2) as running:
        yield running
