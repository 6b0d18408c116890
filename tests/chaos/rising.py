"""`muniment …` with parts that can be doomed: `python rising.py FOLDER up --detach`."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from muniment.infra.cli.main import run
from muniment.infra.stack import parts
from muniment.infra.stack.parts import Part

DOOMED = Path(__file__).with_name("doomed.py")


def main() -> None:
    """Have our own parts run by `doomed.py`, then be the ordinary command."""
    ordinary, folder = parts.own_part, sys.argv[1]

    def doomed(*args: Any, **named: Any) -> Part:
        part = ordinary(*args, **named)
        words = part.command[part.command.index("run") :]
        return replace(part, command=(sys.executable, str(DOOMED), folder, *words))

    parts.own_part = doomed
    sys.argv = ["muniment", *sys.argv[2:]]
    run()


if __name__ == "__main__":
    main()
