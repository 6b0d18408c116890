"""Markdown."""

from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from muniment.stream_apps.extracting.extract import extract
from muniment.stream_apps.extracting.formats import markdown
from muniment.stream_apps.extracting.media_types import MARKDOWN

Write = Callable[[bytes | str], Path]

SOURCE = """---
title: "The guide"
key: value
---
Intro.

# Install `it` ##

```sh
# not a heading
```

    # nor this

Use [it](http://x)
------------------

- a list
---

~~~
```
# still code
~~~
## 한글 **제목**
text
"""


def test_headings_are_those_of_commonmark(write: Write) -> None:
    """Fences, indented code, lists and front matter hold no headings; inline markup is rendered away."""
    extraction = extract(write(SOURCE), MARKDOWN)
    sections = list(extraction)
    assert [section.heading for section in sections] == [None, "Install it", "Use it", "한글 제목"]
    assert "".join(section.text for section in sections) == SOURCE
    assert sections[2].text.startswith("Use [it](http://x)\n----")
    assert extraction.summary.title == "The guide"


def test_without_front_matter_the_first_heading_is_the_title(write: Write) -> None:
    """A title is found where there is any."""
    extraction = extract(write("words\n\n# One\n\n# Two\n"), MARKDOWN)
    list(extraction)
    assert extraction.summary.title == "One"


LINES = st.sampled_from(
    ["# A", "## B #", "text", "", "```", "~~~~", "    # code", "Under", "=====", "####### no", "#no", "> q"]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(lines=st.lists(LINES, max_size=20))
def test_the_line_scan_loses_nothing_and_agrees_with_markdown_it(write: Write, lines: list[str]) -> None:
    """The source is the text; every `#` heading that markdown-it sees at the top level is found, and no other."""
    source = "\n".join(["start", "", *lines, ""])
    passages = list(markdown.read(write(source), lambda *_: None).passages)
    assert "".join(passage.text for passage in passages) == source
    tokens = MarkdownIt().parse(source)
    expected = [
        tokens[at + 1].content
        for at, token in enumerate(tokens)
        if token.type == "heading_open" and token.markup[0] == "#"
    ]
    found = [passage.heading for passage in passages if passage.text.startswith("#") and passage.heading in {"A", "B"}]
    assert found == expected


def test_long_lines_take_linear_time(write: Write) -> None:
    """Lines made to stall a pattern do not."""
    for line in ("# " + " " * 60_000 + "x", "# " + " #" * 30_000 + "x", "x\n" + "-" * 60_000 + "x", "[" * 60_000):
        assert "".join(passage.text for passage in markdown.read(write(line), lambda *_: None).passages) == line
