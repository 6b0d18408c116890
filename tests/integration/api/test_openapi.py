"""The OpenAPI document keeps its word: Schemathesis sends what it allows and what it does not, to the real API."""

from urllib.parse import quote
from uuid import uuid4

import jsonschema_rs
import pytest
import schemathesis

# All of it before a server runs in another thread: pytest rewrites the assertions of its plugins' modules as they come,
# and Python 3.11 reckons the depth of two syntax trees that are built at once in one place (SystemError, now and then).
import schemathesis.generation.body_overrides
import schemathesis.generation.dictionaries
import schemathesis.generation.jsonschema.strategy
import schemathesis.specs.openapi._hypothesis
import schemathesis.specs.openapi.negative
import schemathesis.specs.openapi.object_authorization
import schemathesis.specs.openapi.schemas
import schemathesis.transport.asgi
import schemathesis.transport.wsgi
import schemathesis.wfc.escalation
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.internal.conjecture import providers
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance
from served_api import Served

from muniment.api.answers import TOKEN
from muniment.api.app import create_app
from muniment.api.settings import ApiSettings

EXAMPLES, FEWEST, EACH = 12, 4, 2
"""At most, at least, and for each thing of an operation that can be right or wrong: a path with one id soon has no more
kinds of wrong, nor of right."""
PATIENCE_S = 90
# A token that Muniment never gave out is 422 by design, and no schema can tell it from one that it did; nor a moment
# that was from one that is to come.
GIVEN_OUT = {"Muniment-Position", "position", "cursor", "as_of"}
REFUSED = [400, 401, 403, 404, 405, 406, 409, 415, 422, 428, 429, "5xx"]
# Answers that never end have tests of their own, in tests/integration/live.
ENDLESS = {"streamProject", "streamJobs"}
_NONE = providers.Constants()
LONGEST_ADDRESS = 60_000
"""A longer one (64 KiB) is refused by the server itself, with 400, before anybody looks which operation it names."""


def operations() -> list[str]:
    """Every operation, by its id; the document needs no parts to be made."""
    paths = create_app(_Nothing()).openapi()["paths"]  # type: ignore[arg-type]
    found = [operation["operationId"] for item in paths.values() for operation in item.values()]
    assert set(found) > ENDLESS
    return [name for name in found if name not in ENDLESS]


class _Nothing:
    """Dependencies of an application that answers nothing."""

    settings = ApiSettings()


def _is_right(document, operation_id: str, case) -> bool:
    """Whether a body is right by the document after all.

    What Schemathesis takes for wrong by a pattern is a right text with an asterisk behind it, whatever the pattern. And
    in a form everything is text, and no text is nothing: what was meant to be neither may be right there.
    """
    if not isinstance(case.body, dict):
        return False
    form = case.media_type == "multipart/form-data"
    if form and not all(v and isinstance(v, str) for name, v in case.body.items() if name not in {"file", "files"}):
        return True
    schema = described(document, operation_id)["requestBody"]["content"][case.media_type]["schema"]
    validator = jsonschema_rs.validator_for({**schema, "components": document.raw_schema["components"]})
    return validator.is_valid({name: _text(value) for name, value in case.body.items()})


def _text(value):
    """A value as a schema can look at it: what files hold is for nobody to say."""
    if isinstance(value, list):
        return [_text(one) for one in value]
    return value if type(value) in {str, int, float, bool, dict, type(None)} else ""


@pytest.fixture(scope="module")
def document(served: Served):
    """The document as the server gives it."""
    # The key is right in every request: what happens without one is tested elsewhere.
    # What is too large is refused before it is read: that it is also wrong, nobody finds out.
    refused = {"negative_data_rejection": {"expected-statuses": [*REFUSED, 413]}}
    config = schemathesis.Config.from_dict({"generation": {"with-security-parameters": False}, "checks": refused})
    return schemathesis.openapi.from_url(f"{served.url}/openapi.json", config=config)


@pytest.fixture(autouse=True)
def examples_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take no examples from the constants of whatever this process has loaded by now.

    That is another set with every order of the files of a run: the seed alone would not make it the same every time.
    """
    monkeypatch.setattr(providers, "_get_local_constants", lambda: _NONE)
    # Which of them fit what is drawn is remembered, also by tests that came before.
    monkeypatch.setattr(providers, "CONSTANTS_CACHE", type(providers.CONSTANTS_CACHE)(1024))


def described(document, operation_id: str):
    """An operation as the document describes it."""
    found = (one for item in document.raw_schema["paths"].values() for one in item.values())
    return next(one for one in found if one["operationId"] == operation_id)


def examples(document, operation_id: str) -> int:
    """How many are tried of an operation: by its parameters and the properties of its bodies."""
    operation = described(document, operation_id)
    places = [one["name"] for one in operation.get("parameters", ()) if one["in"] in {"path", "query"}]
    for body in operation.get("requestBody", {}).get("content", {}).values():
        name = body["schema"].get("$ref", "").rpartition("/")[2]
        schema = document.raw_schema["components"]["schemas"][name] if name else body["schema"]
        places += schema.get("properties", [""])
    return max(FEWEST, min(EXAMPLES, EACH * len([name for name in places if name not in GIVEN_OUT])))


# Schemathesis draws from `random`, which Hypothesis remarks upon.
@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning")
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation_id", operations())
def test_an_operation_keeps_its_word(served: Served, document, operation_id: str, mode: GenerationMode):
    """Statuses, headers and shapes are those of the document; nothing is 500; what is not valid is refused."""
    operation = document.find_operation_by_id(operation_id)
    if mode is GenerationMode.NEGATIVE and not (operation.query or operation.path_parameters or operation.body):
        pytest.skip("takes nothing that could be wrong")

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=examples(document, operation_id),
        deadline=None,
        database=None,
        # The same every time: which of a million wrong bodies is a run's affair is not for a build to depend on.
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    def send(case):
        for values in (case.headers, case.query, case.body if isinstance(case.body, dict) else None):
            # The position of a proof is no token: it is where a record lies, and anybody can write one down. Neither is
            # that of an episode: it is its place among the others.
            given_out = set() if operation_id == "proveInclusion" else GIVEN_OUT
            for name in (given_out - {"position"} if values is case.body else given_out) & set(values or {}):
                # The token of the examples is a valid one, and further than this log has got.
                if mode is GenerationMode.POSITIVE or values[name] == TOKEN:
                    del values[name]
        if mode is GenerationMode.POSITIVE and "Idempotency-Key" in (case.headers or {}):
            # That a key belongs to one request, no schema can say.
            case.headers["Idempotency-Key"] = f'"{uuid4()}"'
        if mode is GenerationMode.POSITIVE and operation_id == "submitVersion" and isinstance(case.body, dict):
            # Nor that the document is the one of the address.
            case.body.pop("document_id", None)
        if mode is GenerationMode.NEGATIVE and _is_right(document, operation_id, case):
            return
        if sum(len(quote(str(value))) for value in (case.query or {}).values()) > LONGEST_ADDRESS:
            return
        # What was to be wrong and came out right by its schema may still hold a token that nobody gave out.
        beside = [positive_data_acceptance] if mode is GenerationMode.NEGATIVE else []
        mine = {"Authorization": f"Bearer {served.mine}"}
        case.call_and_validate(headers=mine, timeout=PATIENCE_S, excluded_checks=beside)

    send()
