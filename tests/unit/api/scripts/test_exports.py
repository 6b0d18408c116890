"""Drafts as files: each is read back by what reads such files."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from hypothesis import given
from hypothesis import strategies as st

from muniment.api.scripts.exports import fountain, markdown, word
from muniment.api.scripts.exports.sheet import Note, Sheet
from muniment.stream_apps.extracting.formats import docx as reader

DOCUMENT = UUID(int=7)
TEXT = """# Leave

Everyone has **25 days** of leave [1]. It ends in March [2]. Nobody knows [9].
- 휴가는 25일입니다 [1].

INT. OFFICE - DAY

.5 of a day is a half day. /* what is this */
@home is a place."""


def note(number: int, said: str, *, holds: bool | None = True, document: str | None = "Leave policy") -> Note:
    """What a mark in the text leads to."""
    at = TEXT.index(said)
    found = DOCUMENT if document else None
    return Note(number, document, 2, 3, 10, 42, at, at + len(said), holds=holds, document_id=found)


NOTES = (
    note(1, "Everyone has **25 days** of leave"),
    note(2, "It ends in March", holds=False, document="A * strange ]] title"),
    note(9, "Nobody knows", holds=False, document=None),
    note(1, "휴가는 25일입니다", holds=False),
)
SHEET = Sheet(
    project="Handbook",
    episode="Leave, explained",
    draft_id=UUID(int=1),
    text=TEXT,
    notes=NOTES,
    number=3,
    model="openai/toy",
    language="en",
    written_at=datetime(2026, 11, 22, 10, tzinfo=UTC),
)


def test_each_mark_leads_to_what_its_own_sentence_cites() -> None:
    """The same number in two sentences is two citations, and one may hold where the other does not."""
    found = [part for part in SHEET.parts() if isinstance(part, Note)]
    assert [(one.number, one.holds) for one in found] == [(1, True), (2, False), (9, False), (1, False)]


def test_markdown_has_a_footnote_for_each_citation() -> None:
    """Each reference has its definition and the other way round; what does not hold says so in both places."""
    text = markdown.render(SHEET).decode()
    front, body = text.removeprefix("---\n").split("---\n", 1)
    assert 'title: "Leave, explained"\n' in front
    assert 'edition: "version 3"\n' in front
    defined = dict(re.findall(r"^\[\^([\w-]+)\]: (.*)$", body, re.MULTILINE))
    used = re.findall(r"(⚠?)\[\^([\w-]+)\](?!:)", body)
    assert used == [("", "1"), ("⚠", "2"), ("⚠", "9"), ("⚠", "1-2")]
    assert list(defined) == [label for _, label in used]
    assert defined["1"] == "Leave policy, version 2, page 3, characters 10–42"
    assert defined["2"].startswith("Does not hold: A \\* strange \\]\\] title, version 2")
    assert defined["9"] == "Does not hold: no passage has this number"
    assert "\n# Leave, explained\n\n# Leave\n\nEveryone has **25 days** of leave [^1]." in body


def fountain_read(text: str) -> tuple[dict[str, str], list[tuple[str, str]], list[str]]:
    """Title page, elements and notes, by the rules of the public syntax."""
    head, body = text.split("\n\n", 1)
    page = dict(line.split(": ", 1) for line in head.splitlines())
    notes = re.findall(r"\[\[(.+?)\]\]", body, re.DOTALL)
    bare = re.sub(r"/\*.*?\*/", "", re.sub(r"\[\[.+?\]\]", "", body, flags=re.DOTALL), flags=re.DOTALL)
    kinds = [
        ("section", r"#+ ?"),
        ("action", r"!"),
        ("scene", r"(?=(INT|EXT|EST|I/E)[. ])|\.(?!\.)"),
        ("character", r"@"),
        ("synopsis", r"="),
        ("lyric", r"~"),
        ("transition", r">"),
    ]
    found = []
    for line in filter(None, map(str.strip, bare.splitlines())):
        kind, rule = next(((k, r) for k, r in kinds if re.match(r, line)), ("action", ""))
        found.append((kind, re.sub(f"^(?:{rule})", "", line)))
    return page, found, notes


def test_fountain_reads_back_with_notes() -> None:
    """Title page, section, scene and action; each citation a note; nothing became a scene or was hidden by chance."""
    page, elements, notes = fountain_read(fountain.render(SHEET).decode())
    assert (page["Title"], page["Author"], page["Draft date"]) == ("Leave, explained", "openai/toy", "2026-11-22")
    assert [kind for kind, _ in elements] == ["section", "action", "action", "scene", "action", "action"]
    assert elements[3][1] == "INT. OFFICE - DAY"
    assert elements[4][1] == ".5 of a day is a half day. / * what is this */"
    assert elements[5][1] == "@home is a place."
    assert [one.split(":")[0] for one in notes] == ["1", "2", "9", "1"]
    assert [("DOES NOT HOLD" in one) for one in notes] == [False, True, True, True]
    assert notes[0] == "1: Leave policy, version 2, page 3, characters 10–42"


def footnotes(content: bytes) -> tuple[Any, list[int], dict[int, str]]:
    """A Word document, the footnotes that its text refers to, and what each says."""
    document: Any = docx.Document(BytesIO(content))
    used = [int(one.get(qn("w:id"))) for one in document.element.body.iter(qn("w:footnoteReference"))]
    parts = [rel.target_part for rel in document.part.rels.values() if rel.reltype.endswith("/footnotes")]
    said = {
        int(one.get(qn("w:id"))): "".join(text.text or "" for text in one.iter(qn("w:t"))).strip()
        for part in parts
        for one in parse_xml(part.blob).iter(qn("w:footnote"))
        if one.get(qn("w:type")) is None
    }
    return document, used, said


def test_word_reads_back_with_footnotes_and_metadata(tmp_path: Path) -> None:
    """As python-docx reads it, and as this house reads what is uploaded: headings, a list, footnotes, properties."""
    content = word.render(SHEET)
    document, used, said = footnotes(content)
    assert used == [1, 2, 3, 4] == sorted(said)
    assert said[1] == "[1] Leave policy, version 2, page 3, characters 10–42"
    assert said[2] == "Does not hold: [2] A * strange ]] title, version 2, page 3, characters 10–42"
    assert document.core_properties.title == "Leave, explained"
    assert document.core_properties.comments.startswith("version 3, draft 0000")
    styles = [paragraph.style.name for paragraph in document.paragraphs]
    assert styles[:4] == ["Title", "Heading 2", "Normal", "List Bullet"]
    assert [run.text for run in document.paragraphs[2].runs if run.bold] == ["25 days"]
    path = tmp_path / "script.docx"
    path.write_bytes(content)
    passages: Iterator[Any] = reader.read(path, lambda *_: None).passages
    assert "휴가는 25일입니다" in "".join(passage.text for passage in passages)


def test_scenes_and_speakers_of_a_draft_are_scenes_and_characters() -> None:
    """As a model is asked to write them; a speaker of a script without capitals is forced, and prose is left alone."""
    text = (
        "# Leave\n## The office [1]\nANNA: Who gets leave [1, 9]?\n진행자: 모두요.\nNote: this is prose.\nIT IS: so\n"
    )
    _, elements, notes = fountain_read(fountain.render(Sheet("p", "e", UUID(int=1), text, ())).decode())
    body = fountain.render(Sheet("p", "e", UUID(int=1), text, ())).decode().split("\n\n", 1)[1]
    assert [kind for kind, _ in elements][:2] == ["section", "scene"]
    assert "\n\nANNA\nWho gets leave [[1: NOT CHECKED" in body
    assert "\n\n@진행자\n모두요.\n" in body
    assert "\nNote: this is prose.\n" in body
    assert [one.split(":")[0] for one in notes] == ["1", "1", "9"]


def test_one_mark_with_two_numbers_is_two_citations() -> None:
    """Each with a footnote of its own."""
    sheet = Sheet("p", "e", UUID(int=1), "So it is [1, 4].", ())
    assert "So it is ⚠[^1]⚠[^4]." in markdown.render(sheet).decode()
    assert footnotes(word.render(sheet))[1] == [1, 2]


@pytest.mark.parametrize("render", [markdown.render, fountain.render, word.render])
def test_what_nobody_has_checked_says_so(render: Any) -> None:
    """A mark whose citation was never looked at is no citation that holds."""
    sheet = Sheet("", "", UUID(int=1), "So it is [4].", ())
    content = render(sheet)
    text = "".join(footnotes(content)[2].values()) if render is word.render else content.decode()
    assert "not checked" in text.lower()


@given(st.text(max_size=80))
def test_any_text_can_be_written_in_every_format(text: str) -> None:
    """Control characters, lone surrogates' stand-ins and marks without a source included; the words stay."""
    sheet = Sheet("p", "e", UUID(int=1), text, ())
    markdown.render(sheet)
    fountain.render(sheet)
    footnotes(word.render(sheet))
