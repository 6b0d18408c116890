"""A folder for a stack of a test."""

from collections.abc import Iterator

import pytest
from support.stack_folder import Folder, stack_folder


@pytest.fixture
def folder() -> Iterator[Folder]:
    """Whatever a failed test leaves is ended."""
    with stack_folder() as one:
        yield one
