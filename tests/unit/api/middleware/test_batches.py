"""A batch with an `Idempotency-Key`: each item happens once, and is answered for good once something is known of it."""

from dataclasses import replace
from typing import Any, cast

import pytest
from httpx2 import Response
from support.idempotency import InMemoryIdempotency

from muniment.api.app import create_app
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.record import Record

KEY = {"Idempotency-Key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}


@pytest.fixture(autouse=True)
def kept(world: Any) -> None:
    """Answers are kept."""
    world.app = create_app(replace(world.dependencies(), idempotency=InMemoryIdempotency()))


async def submit(world: Any) -> Response:
    """Send two texts with the key."""
    async with world.client() as client:
        batch = [{"text": "one"}, {"text": "two"}]
        return cast("Response", await client.post("/v1/documents/batch", json=batch, headers=world.mine | KEY))


def problems(answer: Response) -> list[str | None]:
    """The codes of an answer's items."""
    return [(item["problem"] or {}).get("code") for item in answer.json()["items"]]


def fail_second(world: Any, monkeypatch: pytest.MonkeyPatch, code: ErrorCode, *, arrives: bool = False) -> list[Record]:
    """What is sent from now on; the second record fails, though it may have arrived."""
    send = world.publisher.send
    seen: list[Record] = []

    async def sent(record: Record) -> Record:
        seen.append(record)
        if len(seen) != 2:
            return cast("Record", await send(record))
        if arrives:
            await send(record)
        raise StepFailure(code, "not this one")

    monkeypatch.setattr(world.publisher, "send", sent)
    return seen


async def test_every_item_of_a_batch_has_its_own_ids(world: Any) -> None:
    """Two items, two jobs and two documents; the repeat answers with the same."""
    first, second = await submit(world), await submit(world)
    items = first.json()["items"]
    assert len({item["job_id"] for item in items}) == len({item["document_id"] for item in items}) == 2
    assert first.json() == second.json()
    assert len(world.publisher.sent) == 2


@pytest.mark.parametrize("arrives", [True, False])
async def test_an_item_that_nobody_confirmed_is_looked_for_when_the_batch_is_repeated(
    world: Any, monkeypatch: pytest.MonkeyPatch, *, arrives: bool
) -> None:
    """Whether it got to the log or not: the repeat answers both with the first ids, and each has one command there."""
    seen = fail_second(world, monkeypatch, ErrorCode.LOG_UNAVAILABLE, arrives=arrives)
    first, second = await submit(world), await submit(world)
    assert (problems(first), problems(second)) == ([None, "log_unavailable"], [None, None])
    jobs = [item["job_id"] for item in second.json()["items"]]
    assert jobs == [record.header("ce_id") for record in seen[:2]]
    assert second.json()["items"][0] == first.json()["items"][0]
    assert sorted(record.header("ce_id") for record in world.publisher.sent) == sorted(jobs)
    third = await submit(world)
    assert (third.json(), third.headers["Idempotency-Replayed"]) == (second.json(), "true")


async def test_an_item_that_was_refused_stays_so(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known for good is kept: the repeat gets it again, and nothing is published for it."""
    seen = fail_second(world, monkeypatch, ErrorCode.RECORD_TOO_LARGE)
    first, second = await submit(world), await submit(world)
    assert problems(first) == [None, "record_too_large"]
    assert (second.json(), second.headers["Idempotency-Replayed"]) == (first.json(), "true")
    assert len(seen) == 2


async def test_nobody_is_told_that_nothing_was_accepted_where_that_is_not_known(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What to do about a log that did not confirm names the key under which a repeat happens once."""
    fail_second(world, monkeypatch, ErrorCode.LOG_UNAVAILABLE, arrives=True)
    told = (await submit(world)).json()["items"][1]["problem"]["what_to_do"]
    assert "Nothing was accepted" not in told
    assert "Idempotency-Key" in told
