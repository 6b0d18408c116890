"""What the console is made of: sections, and their pages and actions. Adding a page is one entry in its section."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from muniment.api.keys import Scope

ROOT = "/console"
Texts = Mapping[str, tuple[str, str]]
"""Words by their keys: in English, and in Korean."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page, or a part of one that is asked for by itself.

    Attributes:
        path: Its address below `/console`, as FastAPI writes it.
        name: Its operation id, `console…`: by that the trail knows it (`api/auditing/table.py`).
        serve: The route's function; it takes a `Viewing`.
        scope: What somebody needs to see it; `None`: to be signed in.
        title: The key of its title.
        nav: Whether the section's own navigation leads to it.
        sample: An address below `/console` that shows it with something on it, for screenshots; `{name}` is filled in
            from the demonstration (see `make screenshots`). Empty: there is none.
        open: Whether it is for everybody, signed in or not.

    """

    path: str
    name: str
    serve: Callable[..., Any]
    scope: Scope | None = None
    title: str = ""
    nav: bool = False
    sample: str = ""
    open: bool = False
    method: str = "GET"


def action(path: str, name: str, serve: Callable[..., Any], scope: Scope | None = None, *, open: bool = False) -> Page:  # noqa: A002
    """Something that a form or a script posts to: guarded against forgery, and entered in the trail."""
    return Page(path, name, serve, scope, open=open, method="POST")


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the console with an entry in the navigation.

    Attributes:
        name: What it is called in addresses and keys; `section.<name>` is the key of its name.
        icon: The symbol of the sprite that stands for it (`static/icons.svg`).
        pages: What there is in it.
        texts: The words of its pages.

    """

    name: str
    icon: str
    pages: tuple[Page, ...]
    texts: Texts
