"""What is found, what is left alone, and the laws of scrubbing."""

import importlib.util
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.stream_apps.scrubbing.kinds import ALL, Kind
from muniment.stream_apps.scrubbing.offsets import Offsets
from muniment.stream_apps.scrubbing.patterns import PATTERNS
from muniment.stream_apps.scrubbing.scrub import scrub

_spec = importlib.util.spec_from_file_location("golden", Path(__file__).with_name("golden.py"))
assert _spec is not None
assert _spec.loader is not None
golden = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(golden)

FRAGMENTS = st.sampled_from([text for _, text, _ in golden.PLANTED] + [value for _, _, value in golden.PLANTED])
JUNK = st.text(alphabet="0123456789-. @:/+()[]abzAKZ가로\n", max_size=12)
TEXTS = st.lists(st.one_of(FRAGMENTS, JUNK, st.sampled_from(golden.INNOCENT), st.text(max_size=5)), max_size=6).map(
    "".join
)


@pytest.mark.parametrize(("kind", "text", "value"), golden.PLANTED)
def test_what_is_planted_is_replaced_exactly(kind: str, text: str, value: str) -> None:
    """The planted stretch, and nothing else, is replaced by its kind."""
    scrubbed = scrub(text)
    assert scrubbed.text == text.replace(value, f"[{kind}]")
    assert scrubbed.found == {kind: 1}


@pytest.mark.parametrize("text", golden.INNOCENT)
def test_what_only_looks_personal_stays(text: str) -> None:
    """Versions, times, hashes, code and the like are left alone."""
    assert scrub(text).text == text


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_can_be_switched_off(kind: Kind) -> None:
    """A kind that is not asked for is never reported."""
    text = "\n\n".join(text for k, text, _ in golden.PLANTED if k == kind)
    assert kind not in scrub(text, ALL - {kind}).found
    assert scrub(text, frozenset({kind})).found.keys() == {kind}


def test_every_kind_has_a_pattern() -> None:
    """The registry knows every kind."""
    assert {pattern.kind for pattern in PATTERNS} == ALL


def test_the_longest_of_two_findings_that_begin_together_holds() -> None:
    """A passport number that is also nine digits of a social security number is one finding."""
    assert sum(scrub("passport SSN 219099999").found.values()) == 1


def test_a_found_item_is_no_context_for_the_next() -> None:
    """The replacement's own word does not make the next number personal."""
    assert scrub("passport M12345678 and order 123456789").text == "passport [passport] and order 123456789"


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_scrubbing_twice_is_scrubbing_once(text: str) -> None:
    """A scrubbed text has nothing left to find."""
    once = scrub(text)
    again = scrub(once.text)
    assert again.text == once.text
    assert again.edits == ()


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_edits_lead_back_to_the_original(text: str) -> None:
    """Every unedited character maps to itself, and every edit to the stretch that it replaced."""
    scrubbed = scrub(text)
    offsets = Offsets(scrubbed.edits)
    rebuilt, done = [], 0
    for edit in scrubbed.edits:
        for position in range(done, edit.start):
            assert text[offsets.to_original(position)] == scrubbed.text[position]
        start, end = offsets.to_original(edit.start), offsets.to_original(edit.end, end=True)
        assert end - start == edit.original_length
        rebuilt += [scrubbed.text[done : edit.start], text[start:end]]
        done = edit.end
    assert "".join(rebuilt) + scrubbed.text[done:] == text
    assert sum(scrubbed.found.values()) == len(scrubbed.edits)


# fmt: off
WORST = (
    "1", " ", "@", "a", ".", "-", "1 ", "1-", "1.", "+1", "a@", "a.", "0-", "4111 ", "A1", "AA11 ", "1:", "f:", ":",
    "\n", "가", "가 ", "강남구 ", "가로 ", "주소 ", "생년월일 ", "12 Aa ", "A ", "eyJaaaaaaaa.", "eyJ", "sk-", "xox",
    "password=", "token", "born ", "passport ", "passport", "-----BEGIN PRIVATE KEY-----", "Tel ", "tel 1 ",
    "(", "(2", "900101-", "[", "2001:", "1(", "Bearer ", "://a:", "://",
)
# fmt: on


@pytest.mark.parametrize("unit", WORST)
def test_no_input_makes_it_slow(unit: str) -> None:
    """The time is linear in the text: a megabyte of the worst repetition takes a minute at most, not hours."""
    size = 1 << 20
    began = time.process_time()
    scrub((unit * (size // len(unit) + 1))[:size])
    assert time.process_time() - began < 60
