"""The templates of the pages: one environment, in which everything is escaped and a missing name is an error."""

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from muniment.api.console import static_files
from muniment.api.signed_in import UNATTENDED

FOLDER = files("muniment.api.console") / "templates"
_UNATTENDED = Markup("hx-headers='{}'").format(Markup(json.dumps({UNATTENDED: "true"})))  # noqa: S704 - ours
"""What stands on elements that ask again by themselves (`signed_in.attended`)."""
_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@cache
def environment() -> Environment:
    """Made once. Each page is given its own words, so no text is bound here."""
    made = Environment(
        loader=FileSystemLoader(str(FOLDER)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    made.globals["static"] = static_files.address
    made.globals["link"] = link
    made.globals["unattended"] = _UNATTENDED
    made.filters["marked"] = marked
    made.filters["visible"] = visible
    return made


def link(path: str, kept: Mapping[str, object] | None = None, **more: object) -> str:
    """An address with what is asked for in it: filters as they stand, with what is to differ; empty ones go."""
    asked = {name: value for name, value in {**(kept or {}), **more}.items() if value is not None and value != ""}
    return f"{path}?{urlencode(asked, doseq=True)}" if asked else path


def visible(text: str) -> str:
    """A text without control characters, which HTML does not allow."""
    return _INVISIBLE.sub("\N{REPLACEMENT CHARACTER}", text)


def marked(text: str, spans: list[tuple[int, int]]) -> Markup:
    """A text with what lies in `spans` (first character, after the last; in order) as `<mark>`."""
    pieces, reached = [], 0
    for start, end in spans:
        if reached <= start < end <= len(text):
            pieces.append(Markup("{}<mark>{}</mark>").format(visible(text[reached:start]), visible(text[start:end])))
            reached = end
    return Markup("").join([*pieces, visible(text[reached:])])
