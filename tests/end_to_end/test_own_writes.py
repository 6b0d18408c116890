"""A read with a position token sees the caller's own write; a stranger sees nothing at all."""

from typing import Any

from support import own_loop
from support.log_reading import read_topics
from support.stack import Api, Stack, until

from muniment.api.position import from_token, to_token
from muniment.producers.kafka import KafkaPublisher
from muniment.schemas.record import Position, Record

ROUNDS = 15


def at_once(api: Api, address: str, done: dict[str, Any], *, status: int = 200) -> dict[str, Any]:
    """The first answer to a read with the token of what was done: no second one is asked for."""
    answer = api.http.get(address, headers={"Muniment-Position": done["position"]})
    assert answer.status_code == status, f"{address}: {answer.status_code} {answer.text}"
    found: dict[str, Any] = answer.json()
    return found


def test_a_read_with_the_token_sees_its_own_write(api: Api) -> None:
    """Right after POST the document and its job are there, right after DELETE the document is not; every time."""
    for number in range(ROUNDS):
        done = api.submit(f"Round {number}.", f"round-{number}.txt")
        address = f"/v1/documents/{done['document_id']}"
        assert at_once(api, address, done)["latest_version"] == 1
        assert at_once(api, f"/v1/jobs/{done['job_id']}", done)["document_id"] == done["document_id"]
        listed = at_once(api, "/v1/documents", done)["items"]
        assert done["document_id"] in {one["document_id"] for one in listed}
        gone = api.delete(done["document_id"], done["position"])
        at_once(api, address, gone, status=404)
        listed = at_once(api, "/v1/documents", gone)["items"]
        assert done["document_id"] not in {one["document_id"] for one in listed}


def test_a_command_that_lies_on_the_log_twice_is_seen_by_either_place(stack: Stack, api: Api) -> None:
    """It was sent again since nobody had confirmed it, and its caller was told of the second place, in any lane."""
    for lane in ("normal", "bulk"):
        done = api.submit(f"Sent twice, {lane}.", "twice.txt", lane=lane)
        api.ended(done)
        (position,) = from_token(done["position"])
        topic = position.topic.split("/")[0]
        (command,) = [
            record
            for record in read_topics(stack.kafka_bootstrap, [topic])
            if (record.partition, record.offset) == (position.partition, position.offset)
        ]
        repeat = own_loop.run(_sent(stack.kafka_bootstrap, command))
        assert repeat.partition == position.partition
        assert (repeat.offset or 0) > position.offset
        again = Position(position.topic, position.partition, repeat.offset or 0)
        found = at_once(api, f"/v1/documents/{done['document_id']}", done | {"position": to_token([again])})
        assert found["latest_version"] == 1


async def _sent(bootstrap: str, command: Record) -> Record:
    async with KafkaPublisher(bootstrap) as publisher:
        return await publisher.send(command)


def test_a_token_from_nowhere_is_no_excuse_to_wait_for_ever(api: Api) -> None:
    """Nonsense is invalid; a position that the log has not reached ends in 503 after the time asked for."""
    assert api.status("/v1/documents", "bm9uc2Vuc2U") == 422
    future = "bXVuaW1lbnQuY29tbWFuZHMuZG9jdW1lbnRzOjA6OTk5OTk5OTk"
    answer = api.http.get("/v1/documents", params={"wait": 0.5}, headers={"Muniment-Position": future})
    assert (answer.status_code, answer.json()["code"]) == (503, "read_model_behind")
    assert answer.json()["waited_s"] == 0.5
    assert int(answer.headers["retry-after"]) >= 1


def test_a_stranger_sees_nothing(stack: Stack, api: Api) -> None:
    """Another tenant's key finds, lists, reads, changes and deletes nothing, and cannot tell it from what never was."""
    done = api.indexed("The tourmalinehare is ours alone.", "ours.txt", metadata='{"project": "ours"}')
    api.ended(api.submit(b"\x7fELF" + bytes(99), "refused.bin"))
    stack.endpoint.misbehave({"kind": "status", "status": 400, "times": 9})
    failed = api.submit("Ours, and rejected.", "rejected.txt")
    assert api.ended(failed)["state"] == "failed"
    stack.endpoint.reset()
    until("the dead letter is there", lambda: api.get("/v1/dead-letters")["items"], 60)

    stranger = stack.api()
    for mode in ("text", "vector", "hybrid"):
        assert stranger.search("tourmalinehare", mode=mode) == []
        assert stranger.search("tourmalinehare", mode=mode, document_ids=[done["document_id"]]) == []
    for address in ("/v1/documents", "/v1/jobs", "/v1/dead-letters"):
        assert stranger.get(address)["items"] == []
    assert stranger.get("/v1/jobs", job_id=done["job_id"])["items"] == []
    own = f"/v1/documents/{done['document_id']}"
    for address in (own, f"{own}/versions", f"{own}/content", f"/v1/jobs/{done['job_id']}"):
        assert stranger.status(address) == 404, address
    assert stranger.http.delete(own).status_code == 404
    answer = stranger.http.post(f"{own}/versions", files={"file": ("x.txt", b"x")})
    assert answer.status_code == 404

    # The same id for another tenant is another document; what becomes of it touches nobody else.
    theirs = stranger.indexed("The tourmalinehare of somebody else.", "theirs.txt", document_id=done["document_id"])
    assert [hit["file_name"] for hit in stranger.search("tourmalinehare", mode="text")] == ["theirs.txt"]
    assert [hit["file_name"] for hit in api.search("tourmalinehare", mode="text")] == ["ours.txt"]
    assert stranger.ended(stranger.delete(theirs["document_id"]))["outcome"] == "deleted"
    assert [hit["file_name"] for hit in api.search("tourmalinehare", mode="text")] == ["ours.txt"]
    assert api.http.get(f"{own}/content").content == b"The tourmalinehare is ours alone."


def test_equal_content_of_two_tenants_is_embedded_for_each(stack: Stack, api: Api) -> None:
    """Nobody can learn from a missing call that another tenant has the same text."""
    text = "Equal words in two houses, zirconlark. " * 10
    api.indexed(text, "mine.txt")
    other = stack.api()
    job = other.ended(other.submit(text, "mine.txt"))
    assert job["outcome"] == "indexed"
    assert job["tokens"] > 0
