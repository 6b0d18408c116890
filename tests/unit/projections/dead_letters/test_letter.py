"""A dead letter read from its headers."""

import pytest

from muniment.projections.dead_letters.letter import letter_of
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.record import Position, Record
from muniment.schemas.retry_headers import RetryState

STATE = RetryState(
    "embedding", 5, 0, 1000, 0, Position("muniment.chunks", 3, 42), ErrorCode.UNEXPECTED, "it broke", "f00d"
)
BURIED = Record("muniment.dlq", b"k", b"", (), 1, 2, 3000)
PAST = {
    "redrive_id": "01970f5e-6c1b-7c3e-8f57-5d1c9a2b7e10",
    "redrive_letter": "muniment.dlq:1:0",
    "redrive_times": "1",
}


def buried(**headers: str) -> Record:
    """A dead letter with these headers besides its own."""
    made = BURIED.with_headers({**STATE.to_headers(), **headers})
    return Record(made.topic, made.key, made.value, made.headers, 1, 2, 3000)


def test_a_letter_without_headers_is_shown_all_the_same() -> None:
    """Whatever lands on the dead-letter topic becomes a row, with unknowns named so."""
    letter = letter_of(Record("muniment.dlq", b"\xff", b"", (), 1, 2, 3000))
    assert (letter.step, letter.code, letter.event_id, letter.document_id) == ("unknown", "unknown", None, None)
    assert letter.identity == letter.letter == "muniment.dlq:1:2"


def test_the_fingerprint_is_the_one_that_the_step_gave() -> None:
    """It is computed once, where the failure is known best; a record without one falls under its step and code."""
    assert letter_of(buried()).fingerprint == "f00d"
    assert letter_of(buried(retry_fingerprint="")).fingerprint == "embedding.unexpected"


def test_a_letter_knows_the_model_whose_it_is() -> None:
    """Of the step that runs once for each model; of any other the header is what a stranger sent."""
    assert letter_of(buried(retry_step="reembedding", step_branch="big#1024")).branch == "big#1024"
    assert letter_of(buried(retry_step="reembedding")).branch == ""
    assert letter_of(buried(step_branch="big#1024")).branch == ""


def test_a_letter_that_failed_again_is_another_letter() -> None:
    """The same record buried after a redrive is a new letter that knows which one it was."""
    first, again = letter_of(buried(retry_program="1.2.0")), letter_of(buried(**PAST))
    assert first.identity != again.identity
    assert (first.program, first.redrive_letter, first.redrive_times) == ("1.2.0", None, 0)
    assert (again.redrive_letter, again.redrive_times) == ("muniment.dlq:1:0", 1)


def test_a_repeat_of_a_burial_is_no_second_letter() -> None:
    """A record that dies once more because its worker was restarted is the letter that it was, whenever that was."""
    for past in ({}, PAST):
        first, repeat = letter_of(buried(**past)), letter_of(buried(**past, retry_first_failed_ms="9000"))
        assert repeat.identity == first.identity


@pytest.mark.parametrize(
    "other",
    [
        {"ce_id": "01970f5e-6c1b-7c3e-8f57-5d1c9a2b7e11"},
        {"retry_step": "indexing"},
        {"retry_origin": "muniment.chunks:3:43"},
        {**PAST, "redrive_times": "2"},
        {**PAST, "redrive_id": "01970f5e-6c1b-7c3e-8f57-5d1c9a2b7e12"},
    ],
)
def test_another_record_step_or_redrive_makes_another_letter(other: dict[str, str]) -> None:
    """What lay elsewhere, died at another step or after another redrive is not taken for a repeat."""
    mine = PAST if "redrive_id" in other else {}
    assert letter_of(buried(**mine)).identity != letter_of(buried(**{**mine, **other})).identity


@pytest.mark.parametrize(
    "wrong",
    [
        {"redrive_times": "0"},
        {"redrive_times": "x"},
        {"redrive_times": "1000000"},
        {"redrive_letter": "nowhere"},
        {"redrive_letter": "muniment.dlq\x00:1:0"},
        {"redrive_letter": "l" * 301 + ":1:0"},
        {"redrive_id": "1"},
    ],
)
def test_half_a_past_is_none(wrong: dict[str, str]) -> None:
    """Headers of a redrive that cannot all be read move no other letter."""
    letter = letter_of(buried(**{**PAST, **wrong}))
    assert (letter.redrive_id, letter.redrive_letter, letter.redrive_times) == (None, None, 0)
