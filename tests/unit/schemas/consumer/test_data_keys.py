"""What a consumer learns of a key, for how long it keeps it, and what it never concludes."""

import base64
from uuid import uuid4

import httpx2
import pytest

from muniment.schemas.consumer import SEALED, DataKeys, KeysRefused, KeysUnavailable
from muniment.schemas.consumer.data_keys import TRIES
from muniment.schemas.sealing import DataKey

ID = uuid4()
SECRET = bytes(range(32))


class Api:
    """An API of a few words: answers what it is told to, in turn, the last one again and again."""

    def __init__(self, *answers: httpx2.Response | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[httpx2.Request] = []
        self.now = 0.0
        self.paused = 0.0

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx2.Response(answer.status_code, content=answer.content, headers=answer.headers)

    def keys(self) -> DataKeys:
        def pause(seconds: float) -> None:
            self.paused += seconds

        transport = httpx2.MockTransport(self.handle)
        return DataKeys("http://api", "mun_key", clock=lambda: self.now, pause=pause, transport=transport)


def key(hold_s: int = 60) -> httpx2.Response:
    """The key, as the API gives it."""
    secret = base64.b64encode(SECRET).decode()
    body = {"data_key_id": str(ID), "document_id": str(uuid4()), "secret": secret, "hold_s": hold_s}
    return httpx2.Response(200, json=body)


def problem(status: int, code: str) -> httpx2.Response:
    """A problem."""
    return httpx2.Response(status, json={"code": code})


def test_a_key_is_asked_for_once_while_it_may_be_held() -> None:
    """One request a key until its time is over, then it is asked for anew, with the caller's own API key."""
    api = Api(key())
    with api.keys() as keys:
        assert keys(ID) == keys(ID) == DataKey(ID, SECRET)
        assert len(api.asked) == 1
        api.now = 59.9
        keys(ID)
        assert len(api.asked) == 1
        api.now = 60.0
        keys(ID)
        assert len(api.asked) == 2
    assert api.asked[0].url.path == f"/v1/data-keys/{ID}"
    assert api.asked[0].headers["authorization"] == "Bearer mun_key"


def test_a_key_from_a_file_may_end_its_line() -> None:
    """What surrounds the key is no part of it: a header cannot hold it, and the request would never be sent."""
    api = Api(key())
    with DataKeys("http://api", " mun_key\n", transport=httpx2.MockTransport(api.handle)) as keys:
        keys(ID)
    assert api.asked[0].headers["authorization"] == "Bearer mun_key"


@pytest.mark.parametrize("given", ["", " \n", "mun_\u00fc", "mun_\nkey"])
def test_what_can_be_no_api_key_is_said_at_once(given: str) -> None:
    """A variable that nobody has set is not an API that is away: trying again would never help."""
    with pytest.raises(KeysRefused, match="scope decrypt"):
        DataKeys("http://api", given)


@pytest.mark.parametrize(
    "given", ["", "127.0.0.1:8080", "localhost:8080", "/registry", "ftp://api", "http://", "http://a:b"]
)
def test_what_can_be_no_address_is_said_at_once(given: str) -> None:
    """An address without its scheme is named, and not taken for an API that is away."""
    with pytest.raises(ValueError, match=r"http://host:port"):
        DataKeys(given, "mun_key")


def test_a_key_that_is_destroyed_later_is_let_go() -> None:
    """What was held is not used beyond its time: from then on the field is redacted, for ever and without asking."""
    api = Api(key(hold_s=10), problem(410, "key_destroyed"))
    with api.keys() as keys:
        assert keys(ID) is not None
        api.now = 11
        assert keys(ID) is None
        api.now = 1e9
        assert keys(ID) is None
    assert len(api.asked) == 2


def test_a_key_of_somebody_else_stays_shut() -> None:
    """Not there for this caller: the field is sealed, and not said to be destroyed."""
    with Api(problem(404, "not_found")).keys() as keys:
        assert keys(ID) is SEALED


@pytest.mark.parametrize(("status", "code"), [(401, "unauthorized"), (403, "forbidden")])
def test_who_may_not_is_told(status: int, code: str) -> None:
    """A wrong API key is an error that says what is due, not a topic full of sealed fields."""
    with Api(problem(status, code)).keys() as keys, pytest.raises(KeysRefused, match="decrypt"):
        keys(ID)


@pytest.mark.parametrize("trouble", [httpx2.ConnectError("away"), problem(503, "x"), problem(429, "x")], ids=range(3))
def test_what_passes_is_tried_again(trouble: httpx2.Response | Exception) -> None:
    """A moment's silence is nothing that a consumer has to handle."""
    api = Api(trouble, trouble, key())
    with api.keys() as keys:
        assert keys(ID) == DataKey(ID, SECRET)
    assert len(api.asked) == 3
    assert 0.5 < api.paused < 2


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.ConnectError("away"),
        problem(503, "database_unavailable"),
        httpx2.Response(404, text="nginx"),
        httpx2.Response(404, json=["not_found"]),
        httpx2.Response(200, text="hello"),
        httpx2.Response(200, json={"secret": "not base64!", "hold_s": 1, "data_key_id": str(ID)}),
        httpx2.Response(301, headers={"location": "http://elsewhere/"}),
    ],
    ids=range(7),
)
def test_silence_is_never_a_destroyed_key(answer: httpx2.Response | Exception) -> None:
    """Nobody there, a wrong address, a proxy's page: an error, so that nothing is taken for redacted or sealed."""
    with Api(answer).keys() as keys, pytest.raises(KeysUnavailable):
        keys(ID)


def test_it_gives_up_in_the_end() -> None:
    """A consumer that waits for ever shows nothing to anybody."""
    api = Api(httpx2.ConnectError("away"))
    with api.keys() as keys, pytest.raises(KeysUnavailable):
        keys(ID)
    assert len(api.asked) == TRIES


def test_nothing_secret_shows() -> None:
    """Neither a key's secret nor the API key is in what a log line would print."""
    keys = Api(key()).keys()
    shown = repr(keys) + repr(keys(ID)) + repr(vars(keys)["_held"])
    assert repr(SECRET) not in shown
    assert "mun_key" not in shown


def test_many_keys_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is held is bounded."""
    monkeypatch.setattr("muniment.schemas.consumer.data_keys.MOST_HELD", 3)
    with Api(key()).keys() as keys:
        for _ in range(10):
            keys(uuid4())
        assert len(vars(keys)["_held"]) <= 3
