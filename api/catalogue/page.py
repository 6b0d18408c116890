"""The catalogue as one page of HTML that asks for nothing else: style and script are in it, allowed by their hashes.

It works without the script too, as an outline with anchors; the script adds the search.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from muniment.schemas import example, schema_ids
from muniment.schemas.asyncapi import DEFAULT_PARTITIONS, PASSED_ON
from muniment.schemas.catalogue import declarations
from muniment.schemas.description import CLASSES, FieldDescription, describe, headers, kept, key_text
from muniment.schemas.event import Declaration
from muniment.schemas.event_json import to_json
from muniment.schemas.lineage import Lineage, lineage
from muniment.schemas.retry_headers import RetryState
from muniment.schemas.topics import TOPICS, Topic
from muniment.schemas.upcasters import UPCASTERS
from muniment.schemas.vocabulary import attributes

_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class EventView:
    """An event as the page shows it."""

    key: str
    name: str
    version: int
    kind: str
    summary: str
    more: str
    schema_id: int
    keyed_by: str
    fields: tuple[FieldDescription, ...]
    lineage: Lineage
    example: str
    newer: str
    lifted: bool


@dataclass(frozen=True, slots=True)
class TopicView:
    """A topic with its events; one that passes on what lies elsewhere has none of its own."""

    name: str
    purpose: str
    kept: str
    audited: bool
    partitions: str
    passes_on: bool
    events: tuple[EventView, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """The page and the policy that it is served under."""

    html: str
    policy: str


@cache
def page(version: str) -> Page:
    """The catalogue of this program; made once."""
    folder = files("muniment.api.catalogue")
    style, script = ((folder / name).read_text("utf-8") for name in ("page.css", "page.js"))
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["prose"] = prose
    html = environment.from_string((folder / "page.html").read_text("utf-8")).render(
        version=version,
        topics=topic_views(),
        classes=CLASSES,
        headers=headers(),
        retry_headers=attributes(RetryState.__doc__ or ""),
        style=Markup(style),  # noqa: S704 - a file of ours
        script=Markup(script),  # noqa: S704 - a file of ours
    )
    return Page(html, _policy(style, script))


def _policy(style: str, script: str) -> str:
    """Nothing may be loaded, sent or framed; only these very texts count as style and script (CSP Level 3, hashes)."""
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def prose(text: str) -> Markup:
    """Text of a docstring, with what stands in backquotes as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped in the line itself


def topic_views() -> tuple[TopicView, ...]:
    """Every topic with its events, in the order of declaration."""
    known = lineage()
    return tuple(_topic(topic, known) for topic in TOPICS)


def _topic(topic: Topic, known: Mapping[str, Lineage]) -> TopicView:
    own = [d for d in declarations() if d.topic == topic]
    return TopicView(
        name=topic.name,
        purpose=topic.purpose,
        kept=kept(topic),
        audited=topic.audited,
        partitions=str(topic.partitions or f"{DEFAULT_PARTITIONS} unless set"),
        passes_on=topic.name in PASSED_ON,
        events=tuple(_event(d, known.get(d.key, Lineage())) for d in own),
    )


def _event(declaration: Declaration, known: Lineage) -> EventView:
    said = (declaration.cls.__doc__ or "").split("Attributes:")[0].strip()
    summary, _, more = said.partition("\n")
    newer = f"{declaration.name}.v{declaration.version + 1}"
    return EventView(
        key=declaration.key,
        name=declaration.name,
        version=declaration.version,
        kind="command" if declaration.command else "event",
        summary=summary,
        more=" ".join(more.split()),
        schema_id=schema_ids.ids()[declaration.key],
        keyed_by=key_text(declaration),
        fields=describe(declaration),
        lineage=known,
        example=json.dumps(to_json(example.sample(declaration)), indent=2, ensure_ascii=False),
        newer=newer if newer in schema_ids.ids() else "",
        lifted=(declaration.name, declaration.version) in UPCASTERS,
    )
