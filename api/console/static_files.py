"""Scripts, styles and fonts. All come with the program; what is not our own lies in `vendor`, with a manifest."""

import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from muniment.api.console.page import ROOT
from muniment.api.problems.problem import Problem

FOLDER = files("muniment.api.console") / "static"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
_MARK = 12
"""Characters of a file's checksum in its address: a new version of the program is a new address."""
_FOR_GOOD = "public, max-age=31536000, immutable"
_FOR_NOW = "no-cache"


@cache
def known() -> dict[str, Path]:
    """Every file by its name below the folder; nothing else is ever opened."""
    top = Path(str(FOLDER))
    return {path.relative_to(top).as_posix(): path for path in top.rglob("*") if path.suffix in TYPES}


@cache
def _content(name: str) -> tuple[bytes, str]:
    data = known()[name].read_bytes()
    return data, hashlib.sha256(data).hexdigest()[:_MARK]


def address(name: str) -> str:
    """Where a page finds a file; `KeyError` when there is none of that name."""
    return f"{ROOT}/static/{name}?v={_content(name)[1]}"


async def static_file(request: Request, name: str, v: Annotated[str, Query(max_length=64)] = "") -> Response:
    """A file; kept by browsers for good under the address that `address` gives it.

    Fonts are named by the style sheet without that, and browsers ask each time whether they have changed.
    """
    if name not in known():
        raise Problem("no_such_route", "There is no such file.")
    data, mark = _content(name)
    headers = {"Cache-Control": _FOR_GOOD if v == mark else _FOR_NOW, "ETag": f'"{mark}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(data, media_type=TYPES[known()[name].suffix], headers=headers)
