"""Faults of the provider and of our own: what waits, what is retried, what is buried, and who passes meanwhile."""

import time
from contextlib import suppress

import psutil
from support.files import files_below
from support.formats import pdf
from support.stack import Api, Stack, until

RETRY_AFTER_S = 3
WAITS_S = 60
"""Longer than a dozen small documents take on any machine; the one that waits is not waited for."""
TRIES = 6
"""Documents that are given until a child is met at its work: a busy machine may look too late for one."""


def states_until_ended(api: Api, done: dict[str, str], timeout_s: float = 120) -> list[dict[str, object]]:
    """The different answers on a job until it has ended."""
    seen: list[dict[str, object]] = []

    def look() -> bool:
        job = api.job(done["job_id"])
        if job and (not seen or seen[-1] != job):
            seen.append(job)
        return bool(job and job["ended"])

    until("the job ends", look, timeout_s, 0.05)
    return seen


def test_a_busy_provider_is_waited_for(stack: Stack, api: Api) -> None:
    """429 with Retry-After: the job says that it waits, calls come no sooner than asked, and no attempt is used up."""
    stack.endpoint.misbehave({"kind": "status", "status": 429, "retry_after": str(RETRY_AFTER_S)})
    began = time.monotonic()
    done = api.submit("The busybeetle waits.", "beetle.txt")
    seen = states_until_ended(api, done)
    assert time.monotonic() - began >= RETRY_AFTER_S, "asked again before the provider allowed"
    assert seen[-1]["outcome"] == "indexed", seen[-1]
    assert {job["state"] for job in seen} <= {"queued", "running", "waiting_retry", "succeeded"}
    assert max(int(str(job["attempts"])) for job in seen) == 0, "an outage is not the record's fault"
    assert api.get("/v1/dead-letters")["items"] == []


def test_a_failing_provider_is_waited_for(stack: Stack, api: Api) -> None:
    """Failed calls in a row: the documents end indexed, without a dead letter and without used attempts."""
    stack.endpoint.misbehave(*({"kind": "status", "status": status} for status in (500, 503, 500)))
    done = [api.submit(f"Outage number {n}.", f"{n}.txt") for n in range(3)]
    jobs = [api.ended(one) for one in done]
    assert [job["outcome"] for job in jobs] == ["indexed"] * 3
    assert [job["attempts"] for job in jobs] == [0] * 3
    assert api.get("/v1/dead-letters")["items"] == []


def test_a_spoiled_answer_is_asked_for_again(stack: Stack, api: Api) -> None:
    """Vectors that are none or too few are never stored: the call is repeated."""
    stack.endpoint.misbehave({"kind": "not_a_number"}, {"kind": "too_few"})
    job = api.ended(api.submit("A spoiled answer, and then a good one.", "spoiled.txt"))
    assert job["outcome"] == "indexed", job
    assert api.search("spoiled", mode="vector")[0]["scores"]["score"] <= 1


def test_a_rejected_text_is_a_dead_letter_and_others_pass(stack: Stack, api: Api) -> None:
    """400 is final: the job fails at once, an operator sees why; documents behind it are indexed meanwhile."""
    stack.endpoint.misbehave({"kind": "status", "status": 400, "times": 50})
    rejected = api.submit("A rejected rubyrat.", "rejected.txt")
    job = api.ended(rejected)
    assert (job["state"], job["error"]["code"]) == ("failed", "provider_rejected"), job
    stack.endpoint.reset()
    others = [api.submit(f"Passing by, number {n}.", f"passing-{n}.txt") for n in range(3)]
    assert [api.ended(done)["outcome"] for done in others] == ["indexed"] * 3
    (letter,) = until("the dead letter is shown", lambda: api.get("/v1/dead-letters")["items"], 60)
    assert letter["job_id"] == rejected["job_id"]
    assert (letter["step"], letter["code"], letter["category"]) == ("embedding", "provider_rejected", "permanent")
    assert letter["origin"].startswith("muniment.chunks:")
    assert "rubyrat" not in str(letter)
    document = api.get(f"/v1/documents/{rejected['document_id']}")
    assert (document["status"], document["active_version"]) == ("failed", None)


def test_a_waiting_document_holds_up_nobody(stack: Stack, api: Api) -> None:
    """While one waits out a long Retry-After, a dozen others, of every partition, are indexed."""
    stack.endpoint.misbehave({"kind": "status", "status": 429, "retry_after": str(WAITS_S)})
    slow = api.submit("The slowslug waits for a minute.", "slow.txt")
    until("the call was refused", lambda: stack.endpoint.calls()["faults"] == 1, every_s=0.02)
    quick = [api.submit(f"Quick one {n}.", f"quick-{n}.txt") for n in range(12)]
    assert [api.ended(done)["outcome"] for done in quick] == ["indexed"] * 12
    waiting = api.job(slow["job_id"])
    assert waiting is not None
    assert not waiting["ended"], "others were indexed while the slow one waited"
    assert api.ask("POST", f"/v1/jobs/{slow['job_id']}/cancel", json={"reason": "seen"}).status_code == 202
    assert api.ended(slow)["outcome"] == "cancelled"


def killed_child(stack: Stack) -> bool:
    """Whether a process that reads a document was there, and was killed."""
    killed = False
    if files_below(stack.home / "work"):
        for process in stack.family("workers")[1:]:
            with suppress(psutil.NoSuchProcess):
                if process.cpu_percent(0.05) > 10:
                    process.kill()
                    killed = True
    return killed


def test_a_child_that_is_killed_at_its_work_is_tried_again(stack: Stack, api: Api) -> None:
    """The process that reads a document dies: an attempt is used, and the retry indexes it."""
    lines = [f"Page {n} of a long manual, with some words to read on it." * 30 for n in range(150)]
    content = pdf(lines)
    before = stack.log().count("extractor_crashed")

    def crashed() -> bool:
        return stack.log().count("extractor_crashed") > before

    for number in range(TRIES):
        done = api.submit(content, f"long-{number}.pdf")
        until(
            "a child is killed, or all is done",
            lambda done=done: killed_child(stack) or (api.job(done["job_id"]) or {}).get("ended"),
            120,
            0.01,
        )
        assert api.ended(done)["outcome"] == "indexed"
        if crashed():
            break
    until("it was killed in the middle of a document", crashed)
    assert api.get("/v1/dead-letters")["items"] == []
    until("the dead child's files are gone", lambda: not files_below(stack.home / "work"))
