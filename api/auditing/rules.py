"""What the trail does with a route: tell of it, and how, or leave it out, and why."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Audited:
    """Requests to the route leave an entry.

    Attributes:
        action: What it is called in the trail, as `noun.verb`.
        kind: What sort of thing it is about.
        param: The parameter in the route's path that names the thing; without one, whoever serves it may note it.
        shows: The answer can hold personal text: the documents in it are named in the entry.
        personal: The thing's own name is personal (a subject's id): the entry has its keyed mark in its place.

    """

    action: str
    kind: str = ""
    param: str = ""
    shows: bool = False
    personal: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Requests to the route leave none: `why` says that they change nothing and show nothing personal."""

    why: str


Rule = Audited | LeftOut
