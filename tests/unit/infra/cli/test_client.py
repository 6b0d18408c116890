"""Where commands find the API and the key to it, and how they repeat what it did not answer."""

import os
import re
from collections.abc import Awaitable, Callable

import httpx2
import psutil
import pytest

from muniment.infra.cli import client
from muniment.infra.cli.client import Access, ApiError, Client, find_access
from muniment.infra.stack import record
from muniment.infra.stack.api_key import key_file
from muniment.infra.stack.record import Process, Record, write_private


def stack(home, *, started=None):
    """A record of a stack, by default of one that runs: this process."""
    me = psutil.Process(os.getpid())
    one = Record(Process(os.getpid(), started or me.create_time()), {}, {}, {"api": "http://127.0.0.1:1"}, ("api",))
    record.write(home, one)


def test_the_environment_comes_first(tmp_path):
    """An address that was set goes with the key that was set."""
    found = find_access({"MUNIMENT_API_URL": "http://a/", "MUNIMENT_API_KEY": "k"}, tmp_path)
    assert (found.url, found.key) == ("http://a", "k")
    assert "k'" not in repr(found)


def test_the_stacks_key_goes_to_the_stack_only(tmp_path):
    """A key is never sent to an address that it was not made for."""
    stack(tmp_path)
    write_private(key_file(tmp_path), "stack-key\n")
    assert find_access({}, tmp_path).key == "stack-key"
    with pytest.raises(ApiError, match="MUNIMENT_API_KEY"):
        find_access({"MUNIMENT_API_URL": "http://elsewhere"}, tmp_path)


def test_no_stack_is_told(tmp_path):
    """Without a stack, or with one that died, the error names `muniment up`."""
    with pytest.raises(ApiError) as caught:
        find_access({}, tmp_path)
    assert "muniment up" in caught.value.remedy
    stack(tmp_path, started=1.0)
    with pytest.raises(ApiError, match="no Muniment runs"):
        find_access({}, tmp_path)


LOST = httpx2.ReadTimeout("the answer was lost")
UNDER_WAY = httpx2.Response(409, json={"code": "idempotency_in_progress", "detail": "still under way"})
CHANGED = httpx2.Response(409, json={"code": "project_archived", "detail": "it is archived"})
DONE = httpx2.Response(202, json={"job_id": "j"})


async def tries(
    monkeypatch: pytest.MonkeyPatch, ask: Callable[[Client], Awaitable[object]], *answers: httpx2.Response | Exception
) -> list[str]:
    """The keys of the requests that are sent until one of these answers is taken."""
    monkeypatch.setattr(client, "_pause_s", lambda _attempt: 0.0)
    keys, left = [], list(answers)

    def answer(request: httpx2.Request) -> httpx2.Response:
        keys.append(request.headers.get("Idempotency-Key", "none"))
        given = left.pop(0)
        if isinstance(given, Exception):
            raise given
        return given

    async with Client(Access("http://a", "k"), transport=httpx2.MockTransport(answer)) as api:
        assert await ask(api) == {"job_id": "j"}
    assert not left
    return keys


@pytest.fixture(params=["upload", "delete", "post", "order"])
def ask(request: pytest.FixtureRequest, tmp_path) -> Callable[[Client], Awaitable[object]]:
    """Something that changes something."""
    file = tmp_path / "a.txt"
    file.write_text("hello")
    asks: dict[str, Callable[[Client], Awaitable[object]]] = {
        "upload": lambda api: api.upload(file, "a.txt", {}),
        "delete": lambda api: api.delete("/v1/documents/1", reason="x"),
        "post": lambda api: api.post("/v1/documents", {}),
        "order": lambda api: api.order("PATCH", "/v1/projects/1", {}, revision=2),
    }
    return asks[request.param]


async def test_what_is_sent_again_happens_once(monkeypatch, ask) -> None:
    """Every try of a request carries the same key, and the next request another one."""
    first = await tries(monkeypatch, ask, LOST, *[httpx2.Response(status) for status in (429, 502, 503, 504)], DONE)
    second = await tries(monkeypatch, ask, DONE)
    assert len(first) == 6
    assert len({*first, *second}) == 2
    assert all(re.fullmatch('"[0-9a-f-]{36}"', key) for key in first + second)


async def test_a_try_that_still_counts_as_under_way_is_waited_for(monkeypatch, ask) -> None:
    """The API is killed with the request in hand: for some seconds nobody may take it over, and then it is answered."""
    assert len(await tries(monkeypatch, ask, LOST, UNDER_WAY, UNDER_WAY, DONE)) == 4
    with pytest.raises(ApiError, match="archived"):
        await tries(monkeypatch, ask, CHANGED)
