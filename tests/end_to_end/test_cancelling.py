"""Cancelling a job in the middle of its work: seen at once, and nothing is left of it."""

import json
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from support.files import files_below
from support.stack import Api, Stack, until

SEEN_S = 60.0
"""The five seconds promised are printed, and for benchmarks to judge."""
ROLLED_BACK_S = 120.0
"""Sixty seconds are promised; these are for a machine that stands still at moments."""
QUIET_S = 4.0
LONG = "\n\n".join(
    f"Paragraph {n} of the longlizard manual. " + f"It says what there is to say of part {n}. " * 40 for n in range(900)
)


def cancel(api: Api, job_id: str) -> dict[str, str]:
    """What was acknowledged."""
    answer = api.ask("POST", f"/v1/jobs/{job_id}/cancel", json={"reason": "not wanted"})
    assert answer.status_code == 202, answer.text
    done: dict[str, str] = answer.json()
    return done


def never_found(api: Api, document_id: str) -> None:
    """Search sees nothing of the document, neither by words nor by meaning."""
    for mode in ("text", "vector"):
        hits = api.search("longlizard manual", mode=mode, document_ids=[document_id])
        assert hits == [], (mode, hits)


def ends_cancelled(api: Api, job_id: str) -> float:
    """Cancel the job; after how many seconds it showed."""
    began = time.monotonic()
    done = cancel(api, job_id)

    def cancelled() -> bool:
        job = api.job(job_id)
        return bool(job and job["state"] == "cancelled" and job["outcome"] == "cancelled" and job["ended"])

    until("the job is cancelled", cancelled, SEEN_S, 0.05)
    took_s = time.monotonic() - began
    asking = api.ended(done, ROLLED_BACK_S)
    assert (asking["kind"], asking["outcome"]) == ("cancel", "cancelled"), asking
    return took_s


def left(stack: Stack, api: Api, document_id: str) -> dict[str, int]:
    """How much there still is of the document, by place; empty when there is nothing."""
    tables = ("read.chunk_texts", "read.chunk_vectors", "muniment_claims.claims")
    tables += ("muniment_indexing.batches", "muniment_indexing.totals")
    found = {
        table: stack.rows(f"select count(*) from {table} where tenant = $1 and document_id = $2",
                          api.tenant, UUID(document_id))[0][0]
        for table in tables
    }  # fmt: skip
    found["blobs"] = blobs(stack, api)
    return {place: count for place, count in found.items() if count}


def blobs(stack: Stack, api: Api) -> int:
    """How many files are stored for the tenant."""
    return len(files_below(stack.home / "blobs" / api.tenant))


def calls_end(stack: Stack) -> int:
    """How many calls there were when no further one had begun for `QUIET_S`.

    A worker looks once a second for what was cancelled: that none is under way does not say yet that none follows.
    """
    seen = (-1, 0.0)

    def quiet() -> bool:
        nonlocal seen
        calls, now = stack.endpoint.calls(), time.monotonic()
        if calls["requests"] != seen[0] or calls["in_flight"]:
            seen = (calls["requests"], now)
        return now - seen[1] >= QUIET_S

    until("the calls have ended", quiet, SEEN_S, 0.2)
    return seen[0]


def test_a_long_document_is_cancelled_in_the_middle_of_embedding(stack: Stack, api: Api) -> None:
    """Shown soon; never found; calls stop; bytes, rows and temporary files are gone."""
    # The first batches come through; then it takes half a minute, so that the cancellation comes in the middle.
    stack.endpoint.misbehave(
        {"kind": "hang", "seconds": 0.5, "times": 3}, {"kind": "hang", "seconds": 3, "times": 10_000}
    )
    done = api.submit(LONG, "long.txt")

    def embedding() -> int:
        never_found(api, done["document_id"])
        job = api.job(done["job_id"])
        begun = job and job["step"] == "embedding" and job["progress"] and job["progress"]["done"] > 0
        return job["progress"]["total"] if job and begun else 0

    texts = until("it is being embedded", embedding, 90, 0.1)
    began = time.monotonic()
    took_s = ends_cancelled(api, done["job_id"])
    until("nothing is left", lambda: not left(stack, api, done["document_id"]), ROLLED_BACK_S - took_s, 0.5)
    print(f"cancelled after {took_s:.1f} s, nothing left after {time.monotonic() - began:.1f} s")  # noqa: T201
    never_found(api, done["document_id"])
    asked = calls_end(stack)
    print(f"the last of {asked} calls for {texts} texts: {time.monotonic() - began - QUIET_S:.1f} s after it at most")  # noqa: T201
    assert stack.endpoint.calls()["inputs"] < texts, "nobody pays for what was cancelled"
    stack.endpoint.reset()
    time.sleep(3)
    assert left(stack, api, done["document_id"]) == {}
    job = api.job(done["job_id"])
    assert job is not None
    assert (job["state"], job["error"]["code"], job["error"]["reason"]) == ("cancelled", "job_cancelled", "not wanted")
    until("its temporary files are gone", lambda: not files_below(stack.home / "work"))
    path = f"/v1/documents/{done['document_id']}"
    until("the document says so, too", lambda: api.get(path)["status"] == "cancelled")
    again = api.ask("POST", f"/v1/jobs/{done['job_id']}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "job_ended")


def test_a_job_that_waits_for_its_retry_is_cancelled(stack: Stack, api: Api) -> None:
    """It is not woken for it, and the earlier version stays what search sees; the document can be submitted again."""
    first = api.indexed("The longlizard manual, first edition.", "manual.txt")
    stack.endpoint.misbehave({"kind": "status", "status": 429, "retry_after": "20", "times": 50})
    done = api.submit("The longlizard manual, second edition.", "manual.txt", document_id=first["document_id"])

    def waits() -> bool:
        job = api.job(done["job_id"])
        return bool(job and job["state"] == "waiting_retry")

    until("it waits for its retry", waits, 60, 0.05)
    took_s = ends_cancelled(api, done["job_id"])
    print(f"cancelled after {took_s:.1f} s")  # noqa: T201
    until("what was stored for it is gone", lambda: blobs(stack, api) == 2)
    (hit,) = api.search("longlizard", mode="text")
    assert (hit["version"], "first" in hit["text"]) == (1, True)
    stack.endpoint.reset()
    third = api.indexed("The longlizard manual, third edition.", "manual.txt", document_id=first["document_id"])
    (hit,) = api.search("longlizard", mode="text")
    assert (hit["version"], "third" in hit["text"]) == (3, True), third
    job = api.job(done["job_id"])
    assert job is not None
    assert job["state"] == "cancelled"


def test_a_job_that_failed_is_cancelled(stack: Stack, api: Api) -> None:
    """One dead batch does not end the others: cancelled, nothing is paid, kept or brought back by a redrive."""
    stack.endpoint.misbehave(
        {"kind": "hang", "seconds": 0.5, "times": 3},
        {"kind": "status", "status": 400, "times": 3},
        {"kind": "hang", "seconds": 3, "times": 10_000},
    )
    done = api.submit(LONG, "half.txt")

    def failed() -> dict[str, Any] | None:
        job = api.job(done["job_id"])
        return job if job and job["state"] == "failed" else None

    job = until("a batch of it is dead", failed, 90, 0.1)
    assert job["error"]["code"] == "provider_rejected"
    before = left(stack, api, done["document_id"])
    assert {"read.chunk_texts", "muniment_claims.claims", "blobs"} <= before.keys()
    ends_cancelled(api, done["job_id"])
    until("nothing is left", lambda: not left(stack, api, done["document_id"]), ROLLED_BACK_S, 0.5)
    asked = calls_end(stack)
    assert stack.endpoint.calls()["inputs"] < before["read.chunk_texts"], "nobody pays for the other batches"
    stack.endpoint.reset()
    letters = api.get("/v1/dead-letters", job_id=done["job_id"])["items"]
    assert letters, f"{asked} calls"
    back = {"selection": {"job_id": done["job_id"]}, "reason": "the endpoint is well"}
    ordered = api.ask("POST", "/v1/dead-letters/redrive", json=back)
    assert ordered.status_code == 202, ordered.text

    def over() -> dict[str, Any] | None:
        redrives = api.get("/v1/redrives")["items"]
        return redrives[0] if redrives and redrives[0]["state"] != "running" else None

    redrive = until("the redrive is over", over, 60)
    assert (redrive["state"], redrive["redriven"], redrive["failed"]) == ("done", len(letters), 0)
    calls_end(stack)
    assert stack.endpoint.calls()["requests"] == 0
    assert left(stack, api, done["document_id"]) == {}
    after = api.job(done["job_id"])
    assert after is not None
    assert after["state"] == "cancelled"


def test_what_has_ended_is_not_cancelled(api: Api) -> None:
    """A job that was indexed, and one that never was."""
    done = api.indexed("Ended well.", "ended.txt")
    ended = api.ask("POST", f"/v1/jobs/{done['job_id']}/cancel")
    assert (ended.status_code, ended.json()["code"]) == (409, "job_ended")
    unknown = api.ask("POST", f"/v1/jobs/{done['document_id']}/cancel")
    assert unknown.status_code == 404


@pytest.mark.parametrize("after_s", [0.0, 0.1, 0.3, 0.6])
def test_whoever_is_first_the_end_is_one(api: Api, stack: Stack, after_s: float) -> None:
    """Cancelled while it is being done: either search sees it and the job succeeded, or nothing is left of it."""
    done = api.submit("A quick longlizard.", "quick.txt")
    time.sleep(after_s)
    answer = api.ask("POST", f"/v1/jobs/{done['job_id']}/cancel", headers={"Muniment-Position": done["position"]})
    assert answer.status_code in {202, 409}, answer.text
    job = api.ended(done)
    assert job["outcome"] in {"indexed", "cancelled"}
    if answer.status_code == 202:
        asking = api.ended(answer.json())
        assert asking["outcome"] == ("rejected" if job["outcome"] == "indexed" else "cancelled"), asking
    if job["outcome"] == "cancelled":
        until("nothing is left", lambda: not left(stack, api, done["document_id"]), ROLLED_BACK_S, 0.5)
        never_found(api, done["document_id"])
    else:
        found: Callable[[], object] = lambda: api.search("longlizard", mode="text")  # noqa: E731
        assert until("search sees it", found)


def test_the_command_line_cancels(stack: Stack, api: Api) -> None:
    """It names the job of the cancellation; a job that has ended is exit code 1, with the reason."""
    stack.endpoint.misbehave({"kind": "hang", "seconds": 50, "times": 10})
    done = api.submit("To be cancelled by hand.", "hand.txt")
    until("the job is known", lambda: api.job(done["job_id"]), every_s=0.05)
    stack.settings |= {"MUNIMENT_API_KEY": api.key}
    try:
        asked = stack.run("jobs", "cancel", done["job_id"], "--reason", "by hand", "--json")
        assert api.ended(json.loads(asked.stdout))["outcome"] == "cancelled"
        again = stack.run("jobs", "cancel", done["job_id"], check=False)
        assert again.returncode == 1
        assert "job_ended" in again.stderr
    finally:
        del stack.settings["MUNIMENT_API_KEY"]
