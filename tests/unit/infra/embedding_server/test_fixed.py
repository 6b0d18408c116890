"""The stand-in endpoint: same texts, same vectors; faults as scripted; everything counted."""

import time
from collections.abc import AsyncIterator, MutableMapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.infra.embedding_server.faults import Refusing
from muniment.infra.embedding_server.fixed import FixedServer, counted_tokens, create_app, hashed_vector
from muniment.infra.embedding_server.ledger import Ledger
from muniment.infra.embedding_server.protocol import Offer


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    app = create_app(FixedServer(Offer("fixed-latency", 16), 0.02, 0.0002))
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://fixed.test") as made:
        yield made


async def embed(client: httpx2.AsyncClient, *texts: str) -> httpx2.Response:
    return await client.post("/v1/embeddings", json={"model": "fixed-latency", "input": list(texts)})


@given(st.text(min_size=1))
def test_a_text_has_one_unit_vector(text: str) -> None:
    """The vector depends on the text alone, has length one, and differs from another text's."""
    vector = hashed_vector(text, 384)
    assert np.array_equal(vector, hashed_vector(text, 384))
    assert float(np.linalg.norm(vector)) == pytest.approx(1.0, abs=1e-5)
    assert not np.array_equal(vector, hashed_vector(text + "x", 384))
    assert counted_tokens(text) >= 1


async def test_the_latency_is_kept(client: httpx2.AsyncClient) -> None:
    """20 ms and 0.2 ms an input: 50 inputs take at least 30 ms."""
    started = time.monotonic()
    answer = await embed(client, *(f"text {number}" for number in range(50)))
    assert answer.status_code == 200
    assert time.monotonic() - started >= 0.03


async def test_calls_are_counted(client: httpx2.AsyncClient) -> None:
    """Requests, inputs and tokens are counted until reset."""
    await embed(client, "abcdefgh", "b")
    counted = (await client.get("/calls")).json()
    assert (counted["requests"], counted["inputs"], counted["tokens"]) == (1, 2, 3)
    assert (await client.delete("/calls")).json()["requests"] == 0


async def test_faults_come_in_order_and_run_out(client: httpx2.AsyncClient) -> None:
    """Each scripted fault is used up by its number of calls, then all is well."""
    script = [
        {"kind": "status", "status": 429, "retry_after": "2", "times": 2},
        {"kind": "status", "status": 500},
        {"kind": "too_few"},
    ]
    assert len((await client.post("/faults", json={"faults": script})).json()["faults"]) == 3
    answers = [await embed(client, "a", "b") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [429, 429, 500, 200, 200]
    assert answers[0].headers["retry-after"] == "2"
    assert [len(answer.json()["data"]) for answer in answers[3:]] == [1, 2]
    assert (await client.get("/calls")).json()["faults"] == 4


async def test_faults_can_be_cleared(client: httpx2.AsyncClient) -> None:
    """Clearing the script makes the endpoint well at once."""
    await client.post("/faults", json={"faults": [{"kind": "status", "times": 100}]})
    assert (await client.delete("/faults")).json() == {"faults": []}
    assert (await embed(client, "a")).status_code == 200


@pytest.mark.parametrize("body", ["x", "{}", '{"faults": [{"kind": "explode"}]}', '{"faults": [{"no": 1}]}'])
async def test_a_wrong_script_is_refused(client: httpx2.AsyncClient, body: str) -> None:
    """A fault that does not exist is an error in the test that asked for it."""
    assert (await client.post("/faults", content=body)).status_code == 400


async def test_words_are_refused_while_a_file_names_them(tmp_path: Path) -> None:
    """A call with one such text is turned away as a whole, and not paid for; the file is looked at for each call."""
    server = FixedServer(Offer("fixed-latency", 16), 0.0, 0.0, refusing=Refusing(tmp_path / "words"))
    transport = httpx2.ASGITransport(app=create_app(server))
    async with httpx2.AsyncClient(transport=transport, base_url="http://fixed.test") as made:
        assert (await embed(made, "a badword here")).status_code == 200
        (tmp_path / "words").write_text("badword")
        turned_away = await embed(made, "fine", "a badword here")
        assert turned_away.status_code == 400
        assert "badword" not in turned_away.text
        assert (await embed(made, "fine")).status_code == 200
        (tmp_path / "words").unlink()
        assert (await embed(made, "a badword here")).status_code == 200
        assert (await made.get("/calls")).json()["again"] == 1


async def test_it_refuses_what_the_real_one_refuses(client: httpx2.AsyncClient) -> None:
    """Empty inputs and unknown models are refused as by the real server."""
    assert (await embed(client, "")).status_code == 400
    asked = {"model": "another", "input": "a"}
    assert (await client.post("/v1/embeddings", json=asked)).status_code == 404


async def test_the_weather_strikes_its_share_of_calls_the_same_for_the_same_seed(client: httpx2.AsyncClient) -> None:
    """About three in ten calls are turned away, which ones depends on the seed alone, and clearing ends it."""
    weather = {"seed": 5, "faults": [[0.3, {"kind": "status", "status": 429, "retry_after": "1"}]]}

    async def struck() -> list[int]:
        assert (await client.post("/weather", json=weather)).is_success
        return [(await embed(client, "a")).status_code for _ in range(60)]

    first = await struck()
    assert first == await struck()
    assert 8 <= first.count(429) <= 28
    await client.delete("/weather")
    assert {(await embed(client, "a")).status_code for _ in range(20)} == {200}


@pytest.mark.parametrize("body", ['{"faults": [["often", {"kind": "hang"}]]}', '{"faults": [[1]]}', "[]", "{}"])
async def test_a_weather_that_makes_no_sense_is_refused(client: httpx2.AsyncClient, body: str) -> None:
    """A weather of another form is an error in the test that asked for it."""
    assert (await client.post("/weather", content=body)).status_code == 400


async def test_a_date_never_asks_for_less_than_was_meant(client: httpx2.AsyncClient) -> None:
    """`date:2` is sent as an HTTP date that lies at least two seconds ahead."""
    script = [{"kind": "status", "status": 429, "retry_after": "date:2"}]
    await client.post("/faults", json={"faults": script})
    before = datetime.now(UTC)
    asked = parsedate_to_datetime((await embed(client, "a")).headers["retry-after"])
    assert 2 <= (asked - before).total_seconds() <= 30


def test_the_ledger_knows_across_processes_what_was_answered_twice(tmp_path: Path) -> None:
    """A text is counted once, each further answer as one again; a new ledger on the same file goes on from there."""
    Ledger(tmp_path / "paid").add(["a", "b"])
    again = Ledger(tmp_path / "paid")
    again.add(["b", "c"])
    assert (again.texts, again.again) == (3, 1)
    again.clear()
    assert Ledger(tmp_path / "paid").texts == 0


async def test_only_answered_texts_are_paid_for(client: httpx2.AsyncClient) -> None:
    """A call that was turned away is not in the ledger; one that is answered twice is there as one again."""
    await client.post("/faults", json={"faults": [{"kind": "status"}]})
    for _ in range(3):
        await embed(client, "a", "b")
    counted = (await client.get("/calls")).json()
    assert (counted["requests"], counted["texts"], counted["again"]) == (3, 2, 2)


@pytest.mark.parametrize(("whole", "dropped"), [(True, 1), (False, 0)])
async def test_a_call_whose_caller_has_gone_is_dropped(whole: bool, dropped: int) -> None:
    """Like the real server: nothing is paid for that nobody gets, nor is half a request an error of ours."""
    server = FixedServer(Offer("fixed-latency", 16), 0.0, 0.0)
    sent: list[dict[str, object]] = []
    body = b'{"model": "fixed-latency", "input": ["a"]}'
    received = [{"type": "http.request", "body": body, "more_body": not whole}]

    async def receive() -> dict[str, object]:
        return received.pop() if received else {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, object]) -> None:
        sent.append(dict(message))

    scope = {"type": "http", "method": "POST", "path": "/v1/embeddings", "headers": [], "query_string": b""}
    await create_app(server)(scope, receive, send)
    assert sent[0]["status"] == 499
    assert (server.ledger.texts, server.calls.dropped) == (0, dropped)


async def test_single_texts_are_counted_by_model() -> None:
    """A second model is paid by itself; its vectors of the same text are others, and shorter."""
    server = FixedServer(Offer("one", 16, short={"one-4": 4}), 0.0, 0.0)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(create_app(server)), base_url="http://fixed") as http:
        for model, texts in (("one", ["a", "b"]), ("one-4", ["a"]), ("one", ["a"])):
            answer = await http.post("/v1/embeddings", json={"model": model, "input": texts})
            assert {len(item["embedding"]) for item in answer.json()["data"]} == {4 if model == "one-4" else 16}
        for model, times in (("one", [2, 1, 0]), ("one-4", [1, 0, 0])):
            counted = await http.post("/answered", json={"model": model, "texts": ["a", "b", "c"]})
            assert counted.json() == {"times": times}
