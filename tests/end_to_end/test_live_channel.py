"""The live channel of a whole stack: typed, foretold, asked, answered; two instances; a killed one."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from support.plain import PLAIN
from support.roaming import Second
from support.stack import Api, Stack, until
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

PATIENCE_S = 60.0
TEXT = """# Annual leave

Every employee of the observatory has twenty-five days of annual leave a year, and may take five of them into the next.

# Sick leave

Whoever is ill for more than three days brings a note of a physician to the office of the observatory.
"""


@contextmanager
def channel(url: str, key: str) -> Iterator[tuple[ClientConnection, dict[str, Any]]]:
    """A greeted connection, and its greeting."""
    address = url.replace("http", "ws", 1) + "/v1/live"
    headers = {"Authorization": f"Bearer {key}"}
    with connect(address, additional_headers=headers, proxy=None, open_timeout=PATIENCE_S) as socket:
        yield socket, json.loads(socket.recv(PATIENCE_S))


def until_type(socket: ClientConnection, kind: str, got: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """The next message of a kind; those before it are put into `got`."""
    while True:
        message: dict[str, Any] = json.loads(socket.recv(PATIENCE_S))
        if got is not None:
            got.append(message)
        if message["type"] == kind:
            return message


def predicted(socket: ClientConnection, text: str) -> list[str]:
    """What is foretold of what is typed."""
    socket.send(json.dumps({"type": "typing", "id": text, "text": text}))
    while (message := until_type(socket, "predictions"))["id"] != text:
        pass
    return [item["text"] for item in message["items"]]


def test_who_types_is_shown_what_there_is_and_who_asks_is_answered(stack: Stack, api: Api) -> None:
    """Titles and headings as they are typed, an extract with citations that resolve, all of it in the trail."""
    done = api.indexed(TEXT, "observatory.md", title="Handbook of the observatory")
    with channel(stack.record().addresses["api"], api.key) as (socket, _):
        title = "Handbook of the observatory"
        until("the title is foretold", lambda: predicted(socket, "handb") == [title])
        assert "Annual leave" in until("headings are foretold", lambda: predicted(socket, "annu"))
        got: list[dict[str, Any]] = []
        question = "How many days of annual leave has an employee of the observatory?"
        socket.send(json.dumps({"type": "query", "id": "q", "text": question}))
        end = until_type(socket, "answer.end", got)
    got = [message for message in got if message["type"].startswith("answer.")]
    assert (got[0]["type"], got[0]["extractive"], end["reason"]) == ("answer.start", True, "stop")
    text = "".join(message["text"] for message in got if message["type"] == "answer.delta")
    assert "no language model wrote it" in text
    assert "twenty-five days of annual leave" in text
    (cited, *_) = [message for message in got if message["type"] == "answer.citation"]
    assert (cited["document_id"], cited["version"]) == (done["document_id"], 1)
    assert cited["end"] > cited["start"] >= 0
    actions = until(
        "it is in the trail", lambda: {"live.answer"} & {e["action"] for e in api.get("/v1/audit")["items"]}
    )
    assert actions


def test_every_instance_hears_of_a_change_and_keeps_nothing_of_what_is_gone(
    stack: Stack, api: Api, tmp_path: Path
) -> None:
    """Kept answers of two instances show a new document and lose a deleted one with the read that waits for it."""
    second = Second(stack, "api", tmp_path)
    second.start()
    try:
        urls = [stack.record().addresses["api"], second.url]
        assert [search(url, api.key, "perihelion") for url in urls] == [[], []]
        done = api.indexed("The perihelion of the comet was in March.", "comet.txt")
        for url in urls * 2:
            assert search(url, api.key, "perihelion") == [done["document_id"]]
        gone = api.delete(done["document_id"], done["position"])
        for url in urls:
            assert search(url, api.key, "perihelion", gone["position"]) == []
        with channel(urls[1], api.key) as (socket, _):
            until("nothing is foretold", lambda: predicted(socket, "comet") == [])
    finally:
        second.stop()


def search(url: str, key: str, words: str, position: str = "") -> list[str]:
    """The documents of the hits of one instance."""
    headers = {"Authorization": f"Bearer {key}"} | ({"Muniment-Position": position} if position else {})
    answer = httpx2.get(
        f"{url}/v1/search", params={"q": words, "mode": "text"}, headers=headers, timeout=60, verify=PLAIN
    )
    assert answer.status_code == 200, answer.text
    return [hit["document_id"] for hit in answer.json()["hits"]]


def test_a_killed_instance_is_come_back_to(stack: Stack, api: Api) -> None:
    """The connection breaks with it; the next one is told that nothing is known of the session, and is served."""
    with channel(stack.record().addresses["api"], api.key) as (socket, hello):
        stack.kill("api")
        with pytest.raises(ConnectionClosed):
            until_type(socket, "nothing of this kind")

    def back() -> bool:
        try:
            url = f"{stack.record().addresses['api']}/health/readiness"
            return httpx2.get(url, timeout=60, verify=PLAIN).status_code == 200
        except httpx2.TransportError:
            return False

    until("the API is back", back, 120)
    with channel(stack.record().addresses["api"], api.key) as (socket, fresh):
        socket.send(json.dumps({"type": "resume", "session": hello["session"], "last_seq": 0}))
        assert until_type(socket, "resync")["session"] == fresh["session"]
        socket.send(json.dumps({"type": "ping"}))
        until_type(socket, "pong")
