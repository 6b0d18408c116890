"""The console speaks both languages wholly, and says numbers, sizes and times as people write them."""

import ast
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.api.console import page, rendering
from muniment.api.console.app import console
from muniment.api.console.words import Words, language, merged
from muniment.api.problems.kinds import KINDS
from muniment.infra.catalogue.syntax import tree_of
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.project_rejections import Rejection
from muniment.stream_apps.deciding.decider import _WHY as AGAINST_DOCUMENTS
from muniment.stream_apps.operating import decider as operations

TEXTS = console().texts
PLACE = re.compile(r"\{(\w+)\}")
KEY = re.compile(r"""\bt\(\s*"([a-z_.]+)"\s*[,)]""")
COUNTED = re.compile(r"""\bt\.count\(\s*"([a-z_.]+)\"""")
TOP = Path(page.__file__).parent
PARTS = {"", "partials", *(section.name for section in console().sections)}
SOURCES = [p for p in Path(str(rendering.FOLDER)).rglob("*.html") if p.parent.name in PARTS | {"templates"}]
SOURCES += [p for p in TOP.rglob("*.py") if p.parent.name in PARTS | {"console"}]
# Keys that are put together: of states, problems, plurals and choices.
MADE = (
    "state.",
    "step.",
    "library.search.mode.",
    "library.job.kind.",
    "library.search.why.",
    "problem.",
    "done.",
    "section.",
    "app.theme.",
)


def test_every_text_is_there_in_both_languages():
    """Neither is empty, and both have the same places to fill."""
    for key, (english, korean) in TEXTS.items():
        assert english.strip() == english != "", key
        assert korean.strip() == korean != "", key
        assert sorted(PLACE.findall(english)) == sorted(PLACE.findall(korean)), key


def test_every_key_that_is_used_is_declared():
    """A page that asks for words that nobody has written would fail in front of somebody."""
    used = {key for path in SOURCES for key in KEY.findall(path.read_text("utf-8"))}
    counted = {key for path in SOURCES for key in COUNTED.findall(path.read_text("utf-8"))}
    titles = {found.title for found in console().pages.values() if found.title}
    sections = {f"section.{section.name}" for section in console().sections}
    plural = {f"{key}.{form}" for key in counted for form in ("one", "other")}
    assert sorted((used | titles | sections | plural) - TEXTS.keys()) == []


def test_every_key_that_is_declared_is_used():
    """Words that stand nowhere are a leftover."""
    everything = "\n".join(path.read_text("utf-8") for path in SOURCES if not path.stem.endswith("texts"))
    unused = [
        key
        for key in TEXTS
        if not key.startswith(MADE) and key.removesuffix(".one").removesuffix(".other") not in everything
    ]
    assert unused == []


def test_no_template_says_anything_in_one_language_only():
    """Whatever people read comes from the catalogue."""
    visible = re.compile(r">\s*([A-Za-z][^<>{}]*[A-Za-z])\s*<")
    bare = [
        (path.name, found)
        for path in Path(str(rendering.FOLDER)).rglob("*.html")
        for found in visible.findall(re.sub(r"\{[%#].*?[%#]\}", "", path.read_text("utf-8"), flags=re.DOTALL))
    ]
    assert bare == []


@pytest.mark.parametrize(
    ("chosen", "accepted", "spoken"),
    [
        (None, None, "en"),
        (None, "ko-KR,ko;q=0.9,en;q=0.8", "ko"),
        (None, "fr-CA, en;q=0.5, ko;q=0.4", "en"),
        (None, "ko;q=0", "en"),
        ("ko", "en", "ko"),
        ("xx", "ko", "ko"),
    ],
)
def test_the_language_is_the_chosen_one_or_the_browsers(chosen, accepted, spoken):
    """A choice comes first, then what the browser likes best of what there is, then English."""
    assert language(chosen, accepted) == spoken


@given(st.text(max_size=80), st.text(max_size=80))
def test_whatever_a_browser_says_there_is_a_language(chosen, accepted):
    """No header breaks a page."""
    assert language(chosen, accepted) in {"en", "ko"}


def test_two_parts_cannot_have_words_under_one_key():
    """One would hide the other."""
    with pytest.raises(ValueError, match=r"a\.b"):
        merged([{"a.b": ("x", "y")}, {"a.b": ("z", "w")}])


def test_figures_are_written_as_people_write_them():
    """Sizes, amounts and moments, and a dash for what is not known."""
    t = Words("en", {})
    assert [t.size(n) for n in (None, 0, 999, 1000, 2_500_000)] == ["–", "0 B", "999 B", "1.0 KB", "2.5 MB"]
    assert [t.number(n) for n in (None, 1234567, 0.5)] == ["–", "1,234,567", "0.50"]
    assert [t.money(n) for n in (None, 0, 12, 1_234_567_890)] == ["–", "$0.00", "$0.000012", "$1,234.57"]
    at = datetime(2026, 11, 2, 9, 5, tzinfo=UTC)
    assert (t.moment(at), Words("ko", {}).moment(at)) == ("2 Nov 2026, 09:05 UTC", "2026. 11. 2. 09:05 UTC")


def test_what_is_not_known_here_is_said_as_it_is():
    """A state that is new has no word yet: better its own name than none."""
    t = Words("ko", {"state.job.failed": ("Failed", "실패")})
    assert (t.state("job", "failed"), t.state("job", "dreaming"), t.state("job", None)) == ("실패", "dreaming", "")


def test_every_problem_is_told_in_both_languages():
    """Each kind of the API's registry has its title and what to do, and no words are left of a kind that is gone."""
    told = {key.removeprefix("problem.") for key in TEXTS if key.startswith("problem.")} - {"request", "home", "back"}
    assert told == {f"{code}{part}" for code in KINDS for part in ("", ".do")}


def test_a_lost_key_has_both_ways_out():
    """In either language the page names the commands that the API names, with all that they want."""
    commands = re.findall(r"`(.+?)`", KINDS[ErrorCode.KEY_RING_UNUSABLE].what_to_do)
    assert len(commands) == 2
    for text in TEXTS["problem.key_ring_unusable.do"]:
        assert [command for command in commands if command not in text] == []


def test_every_reason_is_told_in_both_languages():
    """Why a step failed, or a command of a document or a project came to nothing, by every code that there is."""
    told = {key.removeprefix("state.why.") for key in TEXTS if key.startswith("state.why.")}
    assert told == {*map(str, ErrorCode), *AGAINST_DOCUMENTS, *map(str, Rejection)}


def test_every_objection_to_an_order_is_told_in_both_languages():
    """Whatever the decider of operations objects is said in the reader's words."""
    tree = tree_of(Path(operations.__file__))
    made = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "Objection"]
    codes = {n.args[0].value for n in made if isinstance(n.args[0], ast.Constant)}
    codes |= {f"unknown_{kind}" for kind in ("flag", "step", "breaker")}
    assert len(codes) > 10
    assert {f"state.rejection.{code}" for code in codes} <= TEXTS.keys()
