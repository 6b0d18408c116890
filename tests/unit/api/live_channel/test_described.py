"""The live channel in the AsyncAPI document: every message, both ways, as the code reads and writes it."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from muniment.api.live_channel import told
from muniment.api.live_channel.described import HEARD, kind, with_live
from muniment.api.live_channel.messages import parse
from muniment.api.problems.problem import Problem
from muniment.schemas import asyncapi
from muniment.schemas.lineage import lineage

ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The whole document, as it is served and written down."""
    return with_live(asyncapi.document(lineage(), "1.2.3"))


def shaped(document: dict[str, Any], key: str) -> jsonschema_rs.Draft7Validator:
    """What the document allows of a message."""
    payload = document["components"]["messages"][key]["payload"]
    return jsonschema_rs.Draft7Validator(payload | {"components": document["components"]})


def test_the_document_is_asyncapi(document: dict[str, Any]) -> None:
    """With the channel it is valid by the specification's own JSON schema, bindings of WebSockets included."""
    specification = json.loads((ROOT / "tests/support/asyncapi/3.0.0.json").read_text("utf-8"))
    found = jsonschema_rs.Draft7Validator(specification).iter_errors(document)
    assert [f"{list(e.instance_path)}: {e.message[:200]}" for e in found] == []


def test_every_message_is_there_with_its_direction(document: dict[str, Any]) -> None:
    """What the parser takes is received, every subclass that a session can send is sent, and nothing else is."""

    def named(operation: str) -> set[str]:
        return {ref["$ref"].rpartition("/")[2] for ref in document["operations"][operation]["messages"]}

    sendable = {one for base in (told.Told, told.Numbered) for one in base.__subclasses__()} - {told.Numbered}
    assert named("api.receive.live") == {f"live.{kind(model)}" for model in HEARD}
    assert named("api.send.live") == {f"live.{kind(model)}" for model in sendable}
    assert document["channels"]["live"]["messages"].keys() == named("api.receive.live") | named("api.send.live")


@pytest.mark.parametrize(
    ("message", "good"),
    [
        ({"type": "query", "id": "q", "text": "how many", "filters": {"title": "leave"}}, True),
        ({"type": "query", "id": "q", "text": ""}, False),
        ({"type": "query", "id": "q", "text": "how many", "k": 21}, False),
        ({"type": "typing", "id": "t", "text": "", "project_id": "00000000-0000-0000-0000-000000000001"}, True),
        ({"type": "resume", "session": "s", "last_seq": -1}, False),
        ({"type": "ping", "more": 1}, False),
    ],
)
def test_the_document_and_the_parser_agree(document: dict[str, Any], message: dict[str, Any], *, good: bool) -> None:
    """A message that the document allows is understood, one that it does not is refused."""
    assert shaped(document, f"live.{message['type']}").is_valid(message) is good
    if good:
        assert parse(json.dumps(message)).type == message["type"]
    else:
        with pytest.raises(Problem):
            parse(json.dumps(message))


def test_what_is_sent_has_the_documents_shape(document: dict[str, Any]) -> None:
    """With and without what may be left out: an end that was reached, one that was not, a refusal."""
    problem = told.problem_told(Problem("invalid_request", "no", extra={"errors": [{"where": "id", "what": "no"}]}))
    mark = told.CheckedMark(number=1, said_from=0, said_to=9, holds=True)
    for message in (
        told.AnswerEnd(id="q", reason="stop", citations=[mark]),
        told.AnswerEnd(id="q", reason="failed", problem=problem),
        told.Refusal(problem=problem),
        told.Refusal(problem=told.problem_told(Problem("too_fast", "slow down"))),
        told.Pong(),
    ):
        said = json.loads(message.written())
        shaped(document, f"live.{said['type']}").validate(said)
        assert None not in said.values()
    assert not shaped(document, "live.answer.end").is_valid({"type": "answer.end", "id": "q", "reason": "stop"})


def test_the_page_about_live_channels_names_every_field() -> None:
    """docs/live.md has a line of each message in either direction, with each of its fields."""
    lines = (ROOT / "docs/live.md").read_text("utf-8").splitlines()
    for model in (*HEARD, *told.EVERY):
        rows = [line for line in lines if line.startswith(f"| `{kind(model)}` |")]
        row = rows[0] if rows else next(line for line in lines if f'"type": "{kind(model)}"' in line)
        missing = [
            name
            for name in model.model_fields
            if name not in {"type", "seq"} and not re.search(rf'[`"]{name}["`]', row)
        ]
        assert missing == [], kind(model)
