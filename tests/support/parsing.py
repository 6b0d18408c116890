"""The tree of a Python file."""

import ast
from pathlib import Path

TRIES = 5


def tree_of(path: Path) -> ast.Module:
    """Parse a file; again where Python 3.11 miscounts, as it does when a collection of garbage parses in between.

    `SystemError: AST constructor recursion depth mismatch` (cpython issue 106905) says nothing about the file.
    """
    for left in reversed(range(TRIES)):
        try:
            return ast.parse(path.read_text("utf-8"))
        except SystemError:
            if not left:
                raise
    raise AssertionError("unreachable")
