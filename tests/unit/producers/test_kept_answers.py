"""What stays of a kept answer when what it is about is forgotten."""

import json
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from muniment.producers.kept_answers import OWN, PLAIN, without_words

GONE, OTHER = UUID(int=1), UUID(int=2)


def left(answer: Any, *ids: UUID) -> Any:
    """What is left of an answer."""
    return json.loads(without_words(json.dumps(answer).encode(), ids or (GONE,)))


def test_a_draft_keeps_its_ids_and_numbers_and_loses_its_words() -> None:
    """Text, brief and the names of what it cites go; ids, times, states, counts and addresses stay."""
    cited = {"number": 1, "document_id": str(OTHER), "title": "quagga", "standing": "active", "holds": True}
    draft = {"draft_id": str(GONE), "state": "written", "text": "quagga", "brief": "quagga?", "tokens_in": 3}
    made = draft | {"requested_at": "2026-11-22T10:15:30.5Z", "citations": [cited], "reason": None}
    assert left(made) == made | {
        "text": "[redacted]",
        "brief": "[redacted]",
        "citations": [cited | {"title": "[redacted]"}],
    }


def test_what_is_about_others_is_left_alone() -> None:
    """Of a batch the one item; of an answer that names nothing of it not a byte, whatever it is."""
    items = [{"document_id": str(one), "file_name": f"{one}.md"} for one in (GONE, OTHER)]
    assert left({"accepted": 2, "items": items})["items"] == [items[0] | {"file_name": "[redacted]"}, items[1]]
    for body in (b'{ "document_id": "x", "title":"t" }', b"no json", b"", b"[1, 2]"):
        assert without_words(body, [GONE]) == body


_JSON = st.recursive(
    st.none() | st.integers() | st.booleans() | st.just("quagga"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["title", "text", "items", "new_field", "state"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(inner=_JSON, name=st.sampled_from(OWN), nested=st.booleans())
def test_no_word_about_it_stays_under_any_name(inner: Any, name: str, *, nested: bool) -> None:
    """Whatever a field is called that nobody has thought of yet; done twice it is the same."""
    part = {name: str(GONE), "inner": inner}
    once = left({"items": [part]} if nested else part)
    assert "quagga" not in json.dumps(_without_plain(once))
    assert left(once) == once


def _without_plain(part: Any) -> Any:
    if isinstance(part, dict):
        own = {name for name in PLAIN & part.keys() if isinstance(part[name], str)}
        return {name: _without_plain(one) for name, one in part.items() if name not in own}
    return [_without_plain(one) for one in part] if isinstance(part, list) else part
