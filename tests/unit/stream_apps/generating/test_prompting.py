"""Prompts keep to their budgets, and say on the log where each passage stands."""

import json
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.drafting import found, words

from muniment.producers.writing.templates.registry import newest
from muniment.schemas.errors import StepFailure
from muniment.stream_apps.chunking.policy import CL100K
from muniment.stream_apps.chunking.tokens import counter
from muniment.stream_apps.generating.prompting import Prompt, Window, counted, prompted, texts

SCRIPT = newest("script")
TEXTS = st.lists(st.text(alphabet="ab가나 \n[]1.}{", min_size=1, max_size=60).filter(str.strip), min_size=1, max_size=8)


def made(given_texts: list[str], window: Window, answer: int = 50, brief: str = "about leave") -> Prompt:
    """A prompt over passages with these texts; a token is a word."""
    assert SCRIPT is not None
    passages = [found(number, text) for number, text in enumerate(given_texts, 1)]
    return prompted(SCRIPT, brief, "en", passages, window=window, answer_tokens=answer, count=words)


@given(TEXTS, st.integers(400, 700), st.floats(0.01, 0.9), st.integers(1, 100))
def test_no_budget_is_ever_passed(texts_: list[str], tokens: int, share: float, answer: int) -> None:
    """Memory stays within its share, prompt and answer within the window; the passages are the best ones, and the
    next one would have been too much."""
    window = Window(tokens, share)
    prompt = made(texts_, window, answer)
    assert prompt.memory_tokens <= tokens * share
    assert prompt.tokens + answer <= tokens
    assert counted(prompt.messages, words) <= prompt.tokens
    taken = len(prompt.passages)
    assert [p.number for p in prompt.passages] == list(range(1, taken + 1))
    if taken < len(texts_):
        more = made(texts_[: taken + 1], Window(10_000, 0.9), answer)
        bare = prompt.tokens - prompt.memory_tokens
        assert more.memory_tokens > window.room(bare, answer)


@given(TEXTS)
def test_the_log_can_be_asked_for_each_passage(texts_: list[str]) -> None:
    """What is recorded is the messages, and each passage is found in them to the letter."""
    prompt = made(texts_, Window(10_000, 0.9))
    whole = json.loads(prompt.recorded())
    assert [m["content"] for m in whole["messages"]] == [m.content for m in prompt.messages]
    assert texts(prompt.recorded()) == dict(enumerate(texts_, 1))


def test_counts_of_a_real_tokenizer_are_not_passed_either() -> None:
    """The parts are never less than the whole, in English or Korean."""
    assert SCRIPT is not None
    count = counter(CL100K)
    passages = [
        found(n, text * 7) for n, text in enumerate(("Paid leave is 25 days.\n\n", "연차 휴가는 15일이다. "), 1)
    ]
    passages.append(replace(passages[0], document_id=UUID(int=9), title="", heading=None, page=None))
    prompt = prompted(SCRIPT, "휴가", "ko", passages, window=Window(8000, 0.5), answer_tokens=100, count=count)
    assert counted(prompt.messages, count) <= prompt.tokens


def test_a_window_that_holds_not_even_the_brief_says_so() -> None:
    """No model is asked for what cannot be."""
    with pytest.raises(StepFailure, match="model's window"):
        made(["x"], Window(100, 0.5))
