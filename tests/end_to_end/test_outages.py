"""Parts that are away while documents go through: who is told what, what waits, and that nothing is lost or doubled."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from support.log_reading import read_topics
from support.plain import PLAIN
from support.stack import Api, Stack, until

from muniment.infra.stack.control import Control
from muniment.infra.stack.supervisord import Places

COMMANDS = "muniment.commands.documents"


@contextmanager
def away(stack: Stack, part: str) -> Iterator[None]:
    """The part is stopped, and started again at the end."""
    control = Control(Places(stack.home).socket)
    control._call("stopProcess", f"base:{part}", True)
    try:
        yield
    finally:
        control.start("base", part)
        until("the stack is well again", lambda: health(stack)["status"] == "ok", 180, 0.3)


def health(stack: Stack) -> dict[str, object]:
    """What the API says of all parts; it may be away itself."""
    try:
        url = f"{stack.record().addresses['api']}/health/detailed"
        found: dict[str, object] = httpx2.get(url, timeout=60, trust_env=False, verify=PLAIN).json()
    except (httpx2.TransportError, ValueError):
        return {"status": "away"}
    return found


def set_outbox(stack: Stack, api: Api, *, on: bool) -> None:
    """Turn the flag, and wait until the API has heard of it and keeps it where it finds it without Kafka, too."""
    answer = api.ask("PUT", "/v1/flags/outbox", json={"value": on, "reason": "a test of outages"})
    assert answer.status_code == 202, answer.text
    kept = "select value from muniment_access.remembered_flags where flag = 'outbox'"
    until("the API has heard", lambda: [row["value"] for row in stack.rows(kept)] == [on])


def test_kafka_away_with_the_outbox_on(stack: Stack, api: Api) -> None:
    """Accepted, told as queued, kept over a kill of the API; then on the log once each, in order, and indexed."""
    set_outbox(stack, api, on=True)
    patient = stack.api(api.tenant, patience_s=120)
    first = api.indexed("The first version of the outbox owl.", "owl.txt")
    done = []
    with away(stack, "kafka"):
        for n in range(2, 5):
            fields = {"document_id": first["document_id"]}
            done.append(patient.submit(f"Version {n} of the outbox owl.", "owl.txt", **fields))
        done += [patient.submit(f"Document {n} of the outage.", f"{n}.txt") for n in range(5)]
        stack.kill("api")
        until("the API is back without Kafka", lambda: patient.status("/v1/documents") == 200, 120, 0.2)
        done += [patient.submit(f"Document {n} after the kill.", f"late-{n}.txt") for n in range(3)]
        told = patient.get(f"/v1/jobs/{done[0]['job_id']}")
        assert (told["state"], told["ended"]) == ("queued", False)
        assert api.http.get("/v1/documents", params={"position": done[-1]["position"], "wait": 0}).status_code == 503
        until("health says so", lambda: kept_meanwhile(stack))
    assert [patient.ended(one)["outcome"] for one in done] == ["indexed"] * len(done)
    versions = patient.get(f"/v1/documents/{first['document_id']}/versions", done[-1]["position"])["items"]
    assert [v["job_id"] for v in reversed(versions)] == [one["job_id"] for one in (first, *done[:3])]
    counts = Counter(record.header("ce_id") for record in read_topics(stack.kafka_bootstrap, [COMMANDS]))
    assert [counts[one["job_id"]] for one in done] == [1] * len(done)
    waiting = "select * from muniment_access.outbox where position is null"
    until("the outbox is empty", lambda: not stack.rows(waiting))
    set_outbox(stack, patient, on=False)


def kept_meanwhile(stack: Stack) -> bool:
    """Whether the API says that it takes commands in, and that they wait in the outbox."""
    parts = health(stack).get("parts")
    return isinstance(parts, dict) and (parts["log"]["status"], parts["outbox"]["status"]) == ("ok", "away")


def test_postgres_away_under_load(stack: Stack, api: Api) -> None:
    """Reads are 503 and name the database; workers wait in place: no dead letter, no attempt, nothing lost."""
    patient = stack.api(api.tenant, patience_s=240)
    done = [api.submit(f"Before number {n}.", f"before-{n}.txt") for n in range(10)]
    during: list[dict[str, str]] = []

    def upload() -> None:
        during.extend(patient.submit(f"During number {n}.", f"during-{n}.txt") for n in range(10))

    uploading = threading.Thread(target=upload)
    with away(stack, "postgres"):
        uploading.start()
        for path in ("/v1/documents", "/v1/jobs", f"/v1/jobs/{done[0]['job_id']}"):
            answer = api.ask("GET", path)
            assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable"), answer.text
            assert int(answer.headers["Retry-After"]) >= 1
        assert api.ask("POST", "/v1/documents", json={"text": "x"}).status_code == 503
        assert set(stack.pids()) >= {"workers", "projections", "api"}, "nobody gave up"
    uploading.join(300)
    jobs = [patient.ended(one, 240) for one in done + during]
    assert len(jobs) == 20
    assert {(job["outcome"], job["attempts"]) for job in jobs} == {("indexed", 0)}
    assert patient.get("/v1/dead-letters")["items"] == []


def test_the_embedding_endpoint_away(stack: Stack, api: Api) -> None:
    """The breaker opens and shows it, search goes on by words and says so, documents wait; then all is done."""
    found = api.indexed("The breaker badger lives here.", "badger.txt")
    stack.endpoint.kill()
    try:
        done = [api.submit(f"Waiting number {n}.", f"waiting-{n}.txt") for n in range(8)]

        def state() -> str:
            items = api.get("/v1/breakers")["items"]
            return str(next(one for one in items if one["name"] == "embedding")["state"])

        until("the breaker opens", lambda: state() != "closed", 60)
        answer = api.ask("POST", "/v1/search", json={"q": "breaker badger", "mode": "hybrid"})
        assert (answer.status_code, answer.json()["degraded"]) == (200, "embedding_unavailable")
        assert [hit["document_id"] for hit in answer.json()["hits"]] == [found["document_id"]]
        assert api.ask("POST", "/v1/search", json={"q": "badger", "mode": "vector"}).status_code == 503
    finally:
        stack.endpoint.start()
    jobs = [api.ended(one, 240) for one in done]
    assert {(job["outcome"], job["attempts"]) for job in jobs} == {("indexed", 0)}
    until("the breaker closes", lambda: state() == "closed", 120)
    assert api.get("/v1/dead-letters")["items"] == []
