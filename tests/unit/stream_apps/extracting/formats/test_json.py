"""JSON."""

import json
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muniment.stream_apps.extracting.formats import json as json_format
from muniment.stream_apps.extracting.media_types import JSON, MediaType
from muniment.stream_apps.extracting.section import Section

Read = Callable[[Path, MediaType], list[Section]]
Write = Callable[[bytes | str], Path]


def whole(sections: list[Section]) -> str:
    return "".join(section.text for section in sections)


def test_json_is_read_as_paths_and_values(write: Write, read: Read) -> None:
    """Each value has a line with the path to it, numbers as they are written."""
    source = '{"title": "T", "users": [{"name": "김", "ok": true, "x": null, "n": 1.10}], "": "e"}'
    assert whole(read(write(source), JSON)) == ("title: T\nusers[0].name: 김\nusers[0].ok: true\nusers[0].n: 1.10\ne\n")


def test_lines_of_json_are_read_as_records(write: Write, read: Read) -> None:
    """A line that is no JSON is kept as it stands."""
    assert whole(read(write('{"a": 1}\nbroken\n{"a": 2}\n'), JSON)) == "[0].a: 1\nbroken\n[2].a: 2\n"


def test_broken_and_deep_json_is_read_as_text(write: Write, read: Read) -> None:
    """Nothing is lost when the tree cannot be built."""
    for source in ('{"a": tru', "[" * 100_000):
        assert whole(read(write(source), JSON)) == source


def test_large_json_is_not_built_as_a_tree(write: Write, read: Read) -> None:
    """Above the limit the source itself is the text, piece by piece."""
    source = json.dumps(["word " * 10] * (json_format.TREE_BYTES_MAX // 50), indent=0)
    assert len(source) > json_format.TREE_BYTES_MAX
    assert whole(read(write(source), JSON)) == source


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(tree=TREES)
def test_every_json_value_is_in_the_text(write: Write, tree: object) -> None:
    """Strings and numbers all come out, whatever their nesting."""

    def leaves(value: object) -> list[str]:
        if isinstance(value, dict):
            return [leaf for child in value.values() for leaf in leaves(child)]
        if isinstance(value, list):
            return [leaf for child in value for leaf in leaves(child)]
        return [] if value is None or isinstance(value, bool) else [str(value)]

    content = json_format.read(write(json.dumps(tree)), lambda *_: None)
    text = "".join(passage.text for passage in content.passages)
    assert all(leaf in text for leaf in leaves(tree))
