"""The API as values: what is accepted, what is refused and how that is said."""

import base64
import contextlib
import json
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.infra.embedding_server.protocol import (
    BadRequest,
    Offer,
    check_lengths,
    read_request,
    shortened,
    write_answer,
    write_models,
)

OFFER = Offer("e5", 384, max_inputs=4)
SHORT = Offer("e5", 4, short={"e5-2": 2})


def asked(**changes: Any) -> bytes:
    return json.dumps({"model": "e5", "input": "hello"} | changes).encode()


def test_one_text_and_several_are_accepted() -> None:
    """A text is a list of one; encoding is float unless asked; `user` is ignored."""
    assert read_request(asked(user="x", dimensions=384), OFFER).inputs == ("hello",)
    request = read_request(asked(input=["a", "한"], encoding_format="base64"), OFFER)
    assert (request.inputs, request.encoding) == (("a", "한"), "base64")


@pytest.mark.parametrize(
    ("body", "status", "code", "param"),
    [
        (b"{", 400, "invalid_json", None),
        (b"[]", 400, "invalid_json", None),
        (b'{"model": "e5", "input": "\\ud800"}', 400, "invalid_json", None),
        (asked(model=None), 400, "missing_parameter", "model"),
        (asked(model="other"), 404, "model_not_found", "model"),
        (asked(encoding_format="hex"), 400, "invalid_value", "encoding_format"),
        (asked(encoding_format=["float"]), 400, "invalid_value", "encoding_format"),
        (asked(dimensions=256), 400, "invalid_value", "dimensions"),
        (asked(dimensions=True), 400, "invalid_value", "dimensions"),
        (asked(input=None), 400, "missing_parameter", "input"),
        (asked(input=[]), 400, "empty_input", "input"),
        (asked(input=""), 400, "empty_input", "input"),
        (asked(input=["a", " \n"]), 400, "empty_input", "input[1]"),
        (asked(input=["a", "b\0c"]), 400, "invalid_character", "input[1]"),
        (asked(input=[1, 2]), 400, "tokens_not_supported", "input[0]"),
        (asked(input=["a", [1, 2]]), 400, "tokens_not_supported", "input[1]"),
        (asked(input=[{}]), 400, "invalid_type", "input[0]"),
        (asked(input=["a"] * 5), 400, "too_many_inputs", "input"),
    ],
)
def test_what_is_refused_is_named(body: bytes, status: int, code: str, param: str | None) -> None:
    """Every refusal has its status, its code and the parameter or the place of the input."""
    with pytest.raises(BadRequest) as caught:
        read_request(body, OFFER)
    assert caught.value.status == status
    error = orjson.loads(caught.value.body())["error"]
    assert (error["code"], error["param"], error["type"]) == (code, param, "invalid_request_error")
    assert set(error) == {"message", "type", "param", "code"}


def test_too_long_an_input_is_named_with_its_tokens() -> None:
    """The place and the real count are told; a lone input has no place."""
    with pytest.raises(BadRequest) as caught:
        check_lengths([10, 600], 512, single=False)
    assert (caught.value.code, caught.value.param) == ("context_length_exceeded", "input[1]")
    assert "600 tokens" in caught.value.message
    with pytest.raises(BadRequest) as caught:
        check_lengths([513], 512, single=True)
    assert caught.value.param == "input"
    check_lengths([512], 512, single=True)


@given(st.lists(st.lists(st.floats(-1, 1, width=32), min_size=4, max_size=4), min_size=1, max_size=5))
def test_both_encodings_carry_the_same_numbers(rows: list[list[float]]) -> None:
    """Base64 is the little-endian float32 of the numbers; indices are in order; usage is the real count."""
    vectors = np.array(rows, np.float32)
    plain = orjson.loads(write_answer(vectors, 9, "e5", "float"))
    packed = orjson.loads(write_answer(vectors, 9, "e5", "base64"))
    assert [item["index"] for item in plain["data"]] == list(range(len(rows)))
    for one, other, row in zip(plain["data"], packed["data"], vectors, strict=True):
        assert np.allclose(one["embedding"], row)
        assert np.array_equal(np.frombuffer(base64.b64decode(other["embedding"]), "<f4"), row)
    assert plain["usage"] == {"prompt_tokens": 9, "total_tokens": 9}


def test_the_model_is_listed() -> None:
    """The list of models has the one model."""
    assert [entry["id"] for entry in orjson.loads(write_models(SHORT))["data"]] == ["e5", "e5-2"]


@given(st.binary(max_size=200))
def test_no_body_breaks_it(body: bytes) -> None:
    """Whatever is sent is either a request or refused."""
    with contextlib.suppress(BadRequest):
        assert read_request(body, OFFER).inputs


def test_a_shorter_model_is_the_beginning_of_the_same_vectors() -> None:
    """Under a name of its own, with its own length, and still of length one."""
    asked = read_request(orjson.dumps({"model": "e5-2", "input": "a"}), SHORT)
    assert (asked.model, asked.dimensions) == ("e5-2", 2)
    whole = np.array([[0.48, 0.64, 0.6, 0.0]], np.float32)
    assert np.allclose(shortened(whole, asked.dimensions), [[0.6, 0.8]])
    assert shortened(whole, 4) is whole
    with pytest.raises(BadRequest, match="'e5' and 'e5-2'"):
        read_request(orjson.dumps({"model": "e5-3", "input": "a"}), SHORT)
