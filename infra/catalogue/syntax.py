"""The syntax tree of a Python file."""

import ast
import gc
from pathlib import Path


def tree_of(path: Path) -> ast.Module:
    """Parse a file, with no collection of garbage in between.

    Python before 3.11.8 counts the depth of all that it parses in one place (cpython issue 106905). An object that is
    collected while a tree is made may say goodbye with a traceback, which parses the line it shows; the outer parse
    then ends with `SystemError: AST constructor recursion depth mismatch`, which says nothing about the file.

    Raises: SyntaxError, for what is not Python; OSError, for what cannot be read.
    """
    source = path.read_text("utf-8")
    collecting = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(source, str(path))
    finally:
        if collecting:
            gc.enable()
