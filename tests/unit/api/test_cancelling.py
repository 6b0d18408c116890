"""Cancelling jobs over HTTP."""

from uuid import UUID, uuid4

import pytest

from muniment.api.answers import Failure
from muniment.schemas.commands import CancelJob


async def cancellable(world) -> UUID:
    """A job of ours that runs, of a document that has its key."""
    job_id = world.add_job()
    await world.key_ring.create("acme", world.reads.of_jobs["acme"][job_id].document_id)
    return job_id


@pytest.mark.parametrize(
    ("body", "reason"), [({"json": {"reason": "by mistake"}}, "by mistake"), ({}, "cancelled on request")]
)
async def test_a_cancellation_is_a_command_with_a_job_of_its_own(world, body, reason):
    """Accepted once the log has it: on the fast lane, about the job's document, its reason sealed."""
    job_id = await cancellable(world)
    async with world.client() as http:
        answer = await http.post(f"/v1/jobs/{job_id}/cancel", headers=world.mine, **body)
    assert answer.status_code == 202, answer.text
    (envelope,) = await world.sent()
    found = world.reads.of_jobs["acme"][job_id]
    assert envelope.event == CancelJob(document_id=found.document_id, job_id=job_id, reason=reason)
    assert (envelope.meta.lane, str(envelope.meta.event_id)) == ("interactive", answer.json()["job_id"])
    assert answer.json()["job_id"] != str(job_id)
    assert answer.headers["muniment-position"] == answer.json()["position"]
    assert b"mistake" not in world.publisher.sent[0].value


async def test_a_job_that_failed_is_cancelled(world):
    """A dead letter of it ends neither its other batches nor the letter's way back: there is something to cancel."""
    job_id = await cancellable(world)
    jobs = world.reads.of_jobs["acme"]
    dead = Failure(code="provider_rejected", reason="answered 400")
    jobs[job_id] = jobs[job_id].model_copy(update={"state": "failed", "ended": True, "error": dead})
    async with world.client() as http:
        answer = await http.post(f"/v1/jobs/{job_id}/cancel", headers=world.mine)
    assert answer.status_code == 202, answer.text
    (envelope,) = await world.sent()
    assert envelope.event.job_id == job_id


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"state": "failed", "ended": True, "error": Failure(code="document_deleted", reason="")}, "job_ended"),
        ({"state": "succeeded", "ended": True}, "job_ended"),
        ({"state": "cancelled", "ended": True}, "job_ended"),
        ({"kind": "delete"}, "not_cancellable"),
        ({"kind": "cancel"}, "not_cancellable"),
    ],
)
async def test_what_cannot_be_cancelled_is_told(world, change, code):
    """A job that has ended, a deletion, another cancellation: 409, and nothing on the log."""
    job_id = await cancellable(world)
    jobs = world.reads.of_jobs["acme"]
    jobs[job_id] = jobs[job_id].model_copy(update=change)
    async with world.client() as http:
        answer = await http.post(f"/v1/jobs/{job_id}/cancel", headers=world.mine)
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert world.publisher.sent == []


async def test_a_job_of_somebody_else_is_not_found(world):
    """As one that never was; and a reader's key may cancel nothing."""
    theirs, mine = world.add_job("umbrella"), await cancellable(world)
    async with world.client() as http:
        for unknown in (theirs, uuid4()):
            answer = await http.post(f"/v1/jobs/{unknown}/cancel", headers=world.mine)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        denied = await http.post(f"/v1/jobs/{mine}/cancel", headers=world.reader)
        wrong = await http.post(f"/v1/jobs/{mine}/cancel", headers=world.mine, json={"why": "x"})
    assert denied.status_code == 403
    assert wrong.status_code == 422
    assert world.publisher.sent == []
