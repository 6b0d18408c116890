"""One suite for the port: the fake, both clients on a server of their protocol, and the writer that is no model."""

from collections.abc import Callable

import pytest
from support.model_server import ModelServer, recorded, saying, text_of

from muniment.producers.writing.pacing import Patience
from muniment.producers.writing.writer import Asked, Finished, Message, PromptTooLarge, Source, Writer
from muniment.schemas.error_codes import POLICIES, ErrorCode, Policy
from muniment.schemas.errors import StepFailure

Make = Callable[..., Writer]
MODELS = ("openai", "anthropic")
ALL = ("fake", "extractive", *MODELS)
ASKED = Asked(
    messages=(Message("system", "Write."), Message("user", "The brief: leave")),
    max_tokens=500,
    temperature=0.2,
    seed=7,
    brief="How many days of paid leave does an employee have?",
    sources=(Source(1, "Handbook", "Leave", 3, "Every employee has 25 days of paid leave a year."),),
)


async def written(writer: Writer, asked: Asked = ASKED) -> tuple[str, Finished]:
    """The text and its end."""
    items = [item async for item in writer.write(asked)]
    assert isinstance(items[-1], Finished)
    pieces = [item for item in items[:-1] if isinstance(item, str) and item]
    assert len(pieces) == len(items) - 1
    return "".join(pieces), items[-1]


@pytest.mark.parametrize("provider", ALL)
async def test_a_text_comes_in_pieces_and_ends_once(make: Make, provider: str) -> None:
    """Every piece is text, the last item says how it ended, and a writer can be asked again."""
    writer = make(provider)
    for _ in range(2):
        text, finished = await written(writer)
        assert text
        assert finished.reason == "stop"
        assert finished.model
    assert writer.provider == provider


@pytest.mark.parametrize("provider", MODELS)
async def test_a_recorded_answer_is_read_as_it_was_meant(make: Make, server: ModelServer, provider: str) -> None:
    """Text, model, tokens and reason are those of the recording; the request is what the protocol wants."""
    server.script.append(recorded(provider, "written"))
    text, finished = await written(make(provider))
    assert text == text_of(provider, "written")
    assert (finished.reason, finished.tokens_in, finished.tokens_out) == ("stop", 412, 57)
    assert finished.model in {"gpt-4.1-mini-2025-04-14", "claude-sonnet-5"}
    (call,) = server.calls
    assert call.body["stream"] is True
    assert call.headers["authorization"] == "Bearer secret-key"
    assert (call.body["max_tokens"], call.body["temperature"]) == (500, 0.2)
    if provider == "openai":
        assert call.body["seed"] == 7
        assert [message["role"] for message in call.body["messages"]] == ["system", "user"]
    else:
        assert call.body["system"] == "Write."
        assert [message["role"] for message in call.body["messages"]] == ["user"]


@pytest.mark.parametrize("provider", MODELS)
async def test_a_temperature_that_nobody_asked_for_is_not_sent(make: Make, server: ModelServer, provider: str) -> None:
    """Newer models refuse any but their own."""
    await written(make(provider), Asked(ASKED.messages, 10))
    assert "temperature" not in server.calls[0].body


@pytest.mark.parametrize("provider", MODELS)
@pytest.mark.parametrize(("name", "reason"), [("korean", "stop"), ("length", "length")])
async def test_other_ends_and_languages_come_through(
    make: Make, server: ModelServer, provider: str, name: str, reason: str
) -> None:
    """Korean is Korean, and a text that met its limit says so."""
    server.script.append(recorded(provider, name))
    text, finished = await written(make(provider))
    assert (text, finished.reason) == (text_of(provider, name), reason)


@pytest.mark.parametrize("provider", MODELS)
async def test_a_model_may_refuse_without_a_word(make: Make, server: ModelServer, provider: str) -> None:
    """That is an end like any other, and no fault."""
    server.script.append(recorded(provider, "filtered"))
    (finished,) = [item async for item in make(provider).write(ASKED)]
    assert isinstance(finished, Finished)
    assert finished.reason == "refused"


@pytest.mark.parametrize("provider", MODELS)
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("rate_limited", ErrorCode.PROVIDER_RATE_LIMITED),
        ("broken", ErrorCode.PROVIDER_UNAVAILABLE),
        ("away", ErrorCode.PROVIDER_UNAVAILABLE),
        ("no_key", ErrorCode.PROVIDER_AUTH),
        ("rejected", ErrorCode.PROVIDER_REJECTED),
        ("broken_off", ErrorCode.PROVIDER_UNAVAILABLE),
        ("empty", ErrorCode.WRITING_BAD_ANSWER),
        ("garbage", ErrorCode.WRITING_BAD_ANSWER),
    ],
)
async def test_failures_have_the_codes_that_decide_what_follows(
    make: Make, server: ModelServer, provider: str, name: str, code: ErrorCode
) -> None:
    """Each recorded failure is the code whose policy is right for it, with the wait that was asked for."""
    server.script.append(recorded(provider, name))
    with pytest.raises(StepFailure) as caught:
        await written(make(provider))
    assert caught.value.code is code
    assert caught.value.retry_after_s == (7.0 if name == "rate_limited" else None)
    assert not isinstance(caught.value, PromptTooLarge)
    assert len(server.calls) == 1, "retrying is the log's affair"
    assert "sk-x" not in caught.value.detail


@pytest.mark.parametrize("provider", MODELS)
async def test_a_prompt_that_is_too_large_can_be_told_from_a_wrong_one(
    make: Make, server: ModelServer, provider: str
) -> None:
    """Whoever asked may ask for less."""
    server.script.append(recorded(provider, "too_large"))
    with pytest.raises(PromptTooLarge) as caught:
        await written(make(provider))
    assert POLICIES[caught.value.code] is Policy.NEVER


@pytest.mark.parametrize("provider", MODELS)
@pytest.mark.parametrize(
    ("how", "patience", "code"),
    [
        ({"wait_s": 60.0}, Patience(first_s=0.5, between_s=60, whole_s=100), ErrorCode.PROVIDER_TIMEOUT),
        ({"hang_after": 5}, Patience(first_s=60, between_s=0.3, whole_s=100), ErrorCode.PROVIDER_TIMEOUT),
        ({"cut_after": 5}, Patience(first_s=60, between_s=60, whole_s=100), ErrorCode.PROVIDER_UNAVAILABLE),
    ],
)
async def test_silence_and_cut_streams_are_noticed(  # noqa: PLR0917 - a table of cases
    make: Make, server: ModelServer, provider: str, how: dict[str, float], patience: Patience, code: ErrorCode
) -> None:
    """No first word, no further word, or an end without its end: each fails in its time, and pieces before it are
    worth nothing."""
    server.script.append(recorded(provider, "written", **how))
    with pytest.raises(StepFailure) as caught:
        await written(make(provider, patience))
    assert caught.value.code is code


@pytest.mark.parametrize("provider", MODELS)
async def test_a_stream_that_ends_early_is_no_answer(make: Make, server: ModelServer, provider: str) -> None:
    """A body that ends well, but without the word that the text is done, was cut by somebody between."""
    whole = recorded(provider, "written")
    server.script.append(type(whole)(events=whole.events[:6]))
    with pytest.raises(StepFailure) as caught:
        await written(make(provider))
    assert caught.value.code is ErrorCode.PROVIDER_UNAVAILABLE


@pytest.mark.parametrize("provider", MODELS)
async def test_a_writer_that_is_closed_hangs_up(make: Make, server: ModelServer, provider: str) -> None:
    """Who cancels pays for no more: the connection is closed at once."""
    server.script.append(saying(provider, ["word "] * 1000, gap_s=0.01))
    writing = make(provider).write(ASKED)
    async for item in writing:
        assert item == "word "
        break
    await writing.aclose()
    await server.calls[0].closed.wait()


async def test_a_server_that_tells_no_usage_is_reckoned(make: Make, server: ModelServer) -> None:
    """Some compatible servers say nothing of tokens; a budget has to hold all the same."""
    whole = recorded("openai", "written")
    server.script.append(type(whole)(events=tuple(e for e in whole.events if '"prompt_tokens"' not in e)))
    text, finished = await written(make("openai"))
    assert (finished.tokens_in, finished.tokens_out) == (4, len(text.split()))


async def test_nobody_at_the_address_is_an_outage(make: Make, server: ModelServer) -> None:
    """A port that nobody listens on is the provider's absence."""
    server.port = 9
    for provider in MODELS:
        with pytest.raises(StepFailure) as caught:
            await written(make(provider))
        assert caught.value.code is ErrorCode.PROVIDER_UNAVAILABLE
