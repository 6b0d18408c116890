"""The OpenAI embeddings API as plain values: reading a request, writing answers and errors. No I/O.

Source: the public reference of `POST /v1/embeddings`; error bodies are `{"error": {message, type, param, code}}`.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import orjson
from numpy.typing import NDArray

MAX_INPUTS = 2048
MAX_BODY_BYTES = 32 * 1024 * 1024


class BadRequest(Exception):
    """A request that is refused; never carries text of an input."""

    def __init__(self, status: int, message: str, *, code: str | None, param: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.code, self.param = status, message, code, param
        self.headers: dict[str, str] = {}

    def body(self) -> bytes:
        """The error as OpenAI writes it."""
        return orjson.dumps(error_body(self.message, self.status, code=self.code, param=self.param))


def error_body(message: str, status: int, *, code: str | None, param: str | None = None) -> dict[str, Any]:
    """The one error form of the API."""
    kinds = {401: "authentication_error", 429: "rate_limit_error"}
    kind = kinds.get(status, "server_error" if status >= 500 else "invalid_request_error")  # noqa: PLR2004
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


@dataclass(frozen=True)
class EmbeddingRequest:
    """A request that can be served."""

    inputs: tuple[str, ...]
    encoding: Literal["float", "base64"]
    model: str
    dimensions: int


@dataclass(frozen=True)
class Offer:
    """What this server serves.

    `short` are other names under which the same model gives only so many of its first numbers, scaled to length 1. The
    model was not trained to be cut so: they are honest vectors of a lesser model, to try a migration with.
    """

    model: str
    dimensions: int
    max_inputs: int = field(default=MAX_INPUTS)
    short: Mapping[str, int] = field(default_factory=dict)

    @property
    def lengths(self) -> Mapping[str, int]:
        """The length of the vectors of every model."""
        return {self.model: self.dimensions, **self.short}


def read_request(body: bytes, offer: Offer) -> EmbeddingRequest:
    """Check a request body; raises `BadRequest` that names the parameter, or the input by its place."""
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError as cause:
        raise BadRequest(400, "The body is not valid JSON.", code="invalid_json") from cause
    if not isinstance(asked, dict):
        raise BadRequest(400, "The body has to be a JSON object.", code="invalid_json")
    model = asked.get("model")
    if not isinstance(model, str):
        raise BadRequest(400, "The parameter 'model' is missing.", code="missing_parameter", param="model")
    length = offer.lengths.get(model)
    if length is None:
        raise BadRequest(404, f"This server has only {_told(offer)}.", code="model_not_found", param="model")
    encoding: Any = asked.get("encoding_format") or "float"
    if encoding not in ("float", "base64"):
        raise BadRequest(
            400, "'encoding_format' is 'float' or 'base64'.", code="invalid_value", param="encoding_format"
        )
    dimensions = asked.get("dimensions")
    if dimensions is not None and (dimensions is True or dimensions != length):
        raise BadRequest(
            400, f"The model has {length} dimensions, no others.", code="invalid_value", param="dimensions"
        )
    return EmbeddingRequest(_inputs(asked.get("input"), offer), encoding, model, length)


def _told(offer: Offer) -> str:
    names = " and ".join(f"'{name}'" for name in offer.lengths)
    return f"the model{'s' if offer.short else ''} {names}"


def _inputs(given: Any, offer: Offer) -> tuple[str, ...]:
    if isinstance(given, str):
        return (_checked(given, "input"),)
    if not isinstance(given, list):
        raise BadRequest(400, "'input' is a text or a list of texts.", code="missing_parameter", param="input")
    if not given:
        raise BadRequest(400, "'input' is empty.", code="empty_input", param="input")
    if len(given) > offer.max_inputs:
        message = f"'input' has {len(given)} texts; the most is {offer.max_inputs}."
        raise BadRequest(400, message, code="too_many_inputs", param="input")
    return tuple(_checked(one, f"input[{place}]") for place, one in enumerate(given))


def _checked(given: Any, place: str) -> str:
    if isinstance(given, int | list):
        message = f"'{place}' is tokens: this server takes texts only, its tokens are not OpenAI's."
        raise BadRequest(400, message, code="tokens_not_supported", param=place)
    if not isinstance(given, str):
        raise BadRequest(400, f"'{place}' is not a text.", code="invalid_type", param=place)
    if not given.strip():
        raise BadRequest(400, f"'{place}' is empty.", code="empty_input", param=place)
    if "\0" in given:
        raise BadRequest(400, f"'{place}' contains a NUL character.", code="invalid_character", param=place)
    return given


def check_lengths(lengths: list[int], most: int, *, single: bool) -> None:
    """Refuse the first input that is too long, naming it and its real number of tokens."""
    for place, length in enumerate(lengths):
        if length > most:
            name = "input" if single else f"input[{place}]"
            message = f"'{name}' has {length} tokens; the model's maximum context length is {most}."
            raise BadRequest(400, message, code="context_length_exceeded", param=name)


def write_answer(vectors: NDArray[np.float32], tokens: int, model: str, encoding: str) -> bytes:
    """The body of a 200."""
    rows: list[Any]
    if encoding == "base64":
        rows = [base64.b64encode(row.tobytes()).decode("ascii") for row in vectors.astype("<f4", copy=False)]
    else:
        rows = list(vectors)
    items = [{"object": "embedding", "index": index, "embedding": row} for index, row in enumerate(rows)]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    answer = {"object": "list", "data": items, "model": model, "usage": usage}
    return orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY)


def shortened(vectors: NDArray[np.float32], dimensions: int) -> NDArray[np.float32]:
    """The first numbers of each vector, scaled to length 1 again; as they are when that is all of them."""
    if vectors.shape[1] == dimensions:
        return vectors
    cut = vectors[:, :dimensions]
    return np.asarray(cut / np.linalg.norm(cut, axis=1, keepdims=True), np.float32)


def write_models(offer: Offer) -> bytes:
    """The body of `GET /v1/models`."""
    entries = [{"id": name, "object": "model", "created": 0, "owned_by": "muniment"} for name in offer.lengths]
    return orjson.dumps({"object": "list", "data": entries})
