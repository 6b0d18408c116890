"""The templates by name and version. A version that was committed never changes: drafts on the log name it.

To change one is to add a file `<name>.v<next>.txt`; the highest version is the one that is used.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from muniment.producers.writing.writer import Message

_FILE = re.compile(r"([a-z]+)\.v(\d+)\.txt")
_PLACE = re.compile(r"\{(brief|language|passages)\}")
_PARTS = "\n=== user\n"
LANGUAGES: Mapping[str, str] = {"en": "English", "ko": "Korean (한국어)"}
"""What a text may be written in, by its ISO 639 code, and how a model is told."""


@dataclass(frozen=True, slots=True)
class Template:
    """One version of what a model is asked: how to write, and what."""

    name: str
    version: int
    system: str
    user: str

    def filled(self, brief: str, language: str, passages: str) -> tuple[Message, ...]:
        """The messages. What stands in the brief or in a passage is never taken for a place to fill."""
        given = {"brief": brief, "language": LANGUAGES.get(language, language), "passages": passages}

        def text(template: str) -> str:
            return _PLACE.sub(lambda place: given[place[1]], template)

        return Message("system", text(self.system)), Message("user", text(self.user))


@cache
def templates() -> Mapping[str, tuple[Template, ...]]:
    """All versions of each template, the oldest first."""
    found: dict[str, list[Template]] = {}
    for file in files(__package__).iterdir():
        named = _FILE.fullmatch(file.name)
        if named:
            system, _, user = file.read_text("utf-8").partition(_PARTS)
            found.setdefault(named[1], []).append(Template(named[1], int(named[2]), system, user))
    return {name: tuple(sorted(versions, key=lambda one: one.version)) for name, versions in sorted(found.items())}


def newest(name: str) -> Template | None:
    """The version of a template that is used; `None` for a name that there is not."""
    versions = templates().get(name)
    return versions[-1] if versions else None
