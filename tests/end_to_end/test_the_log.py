"""What lies on the topics: any CloudEvents and Avro reader can read it, and every record says where it came from."""

import io
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import avro.io
import avro.schema
import pytest
from support.log_reading import read_topics
from support.stack import Api, Stack, until

from muniment.schemas.event import REGISTRY
from muniment.schemas.record import Record
from muniment.schemas.topics import TOPICS

SCHEMAS = Path(__file__).parents[2] / "schemas"
REQUIRED = ("ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "content-type")
IDS = ("correlation_id", "causation_id", "tenant", "traceparent")
UNASKED = {"muniment.operations", "muniment.audit", "muniment.audit.checkpoints"}
"""Topics of what the house says by itself: that a breaker opened, that somebody read something, what was sealed."""
OF_THE_HOUSE = UNASKED | {"muniment.commands.operations", "muniment.commands.erasures", "muniment.erasures"}
"""Topics of what is about no document: their keys are names of flags, steps, breakers, actors and the like."""
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture(scope="module")
def api(stack: Stack) -> Iterator[Api]:
    """A caller of a new tenant, the endpoint well-behaved."""
    stack.endpoint.reset()
    yield stack.api()
    stack.endpoint.reset()


@pytest.fixture(scope="module")
def story(stack: Stack, api: Api) -> tuple[dict[str, dict[str, str]], list[Record]]:
    """Jobs of every kind of end, and everything that lies on all topics afterwards."""
    traced = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    answer = api.http.post("/v1/documents", files={"file": ("a.md", b"# A\n\nFirst.")}, headers=traced)
    jobs = {"traced": answer.json()}
    api.ended(jobs["traced"])
    document = jobs["traced"]["document_id"]
    jobs["second"] = api.submit("# A\n\nSecond.", "a.md", document_id=document)
    api.ended(jobs["second"])
    jobs["unchanged"] = api.submit("# A\n\nSecond.", "a.md", document_id=document)
    api.ended(jobs["unchanged"])
    jobs["refused"] = api.submit(b"\x7fELF" + bytes(99), "b.bin")
    api.ended(jobs["refused"])
    stack.endpoint.misbehave({"kind": "status", "status": 500})
    jobs["retried"] = api.submit("Retried once.", "c.txt")
    assert api.ended(jobs["retried"])["outcome"] == "indexed"
    stack.endpoint.misbehave({"kind": "status", "status": 400, "times": 9})
    jobs["buried"] = api.submit("Never embedded.", "d.txt")
    assert api.ended(jobs["buried"])["state"] == "failed"
    stack.endpoint.reset()
    jobs["deleted"] = api.delete(document)
    api.ended(jobs["deleted"])
    names = [topic.name for topic in TOPICS]

    def purged() -> list[Record]:
        records = read_topics(stack.kafka_bootstrap, names)
        last = (jobs["deleted"]["job_id"], "DocumentPurged")
        there = any((record.header("correlation_id"), _type(record)) == last for record in records)
        return records if there else []

    return jobs, until("the deletion is purged", purged, every_s=0.5)


def _type(record: Record) -> str:
    return (record.header("ce_type") or "..").split(".")[1]


def test_every_record_says_what_it_is_and_where_it_came_from(
    story: tuple[dict[str, dict[str, str]], list[Record]], api: Api
) -> None:
    """CloudEvents headers, tenant, trace; the correlation id is the job; the chain of causes leads to its command."""
    jobs, records = story
    assert {record.topic for record in records} >= {
        "muniment.dlq",
        "muniment.retry.1s",
        "muniment.redelivery.embedding",
    }
    by_id = {}
    for record in records:
        missing = [name for name in (*REQUIRED, *IDS) if not record.header(name)]
        assert not missing, (record.topic, record.offset, missing)
        assert record.header("ce_specversion") == "1.0"
        assert re.fullmatch(r"muniment\.[A-Z]\w+\.v\d+", record.header("ce_type") or "")
        assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", record.header("traceparent") or "")
        assert record.key == (record.header("ce_subject") or "").encode()
        if record.topic not in OF_THE_HOUSE:
            UUID(record.key.decode())
        by_id[record.header("ce_id")] = record
    for record in records:
        seen, now = 0, record
        # An erasure asks for its documents' ends by commands of their own, which are jobs as any other.
        while now.header("ce_id") != record.header("correlation_id"):
            cause = by_id.get(now.header("causation_id"))
            assert cause is not None, f"{_type(now)} on {now.topic} was caused by what is not on the log"
            assert cause.header("tenant") == now.header("tenant")
            now, seen = cause, seen + 1
            assert seen < 20, "the causes do not lead to the job"
        # What the house does by itself (a breaker that opens, a brake) nobody asked for.
        assert now.topic.startswith("muniment.commands.") or now.topic in UNASKED, "begins with a command"
    mine = [record for record in records if record.header("tenant") == api.tenant]
    # What the caller looked at meanwhile is no part of a job.
    ours = [record for record in mine if record.topic != "muniment.audit"]
    assert {record.header("correlation_id") for record in ours} == {done["job_id"] for done in jobs.values()}
    traced = [r for r in ours if r.header("correlation_id") == jobs["traced"]["job_id"]]
    assert {(r.header("traceparent") or "").split("-")[1] for r in traced} == {TRACE}


def test_retries_and_dead_letters_carry_their_past(
    story: tuple[dict[str, dict[str, str]], list[Record]], stack: Stack
) -> None:
    """The record as it was, with its origin (which is that record), error and attempts in the headers."""
    jobs, records = story
    places = {f"{record.topic}:{record.partition}:{record.offset}": record for record in records}
    for job, topic in (("retried", "muniment.retry.1s"), ("buried", "muniment.dlq")):
        mine = [r for r in records if r.topic == topic and r.header("correlation_id") == jobs[job]["job_id"]]
        assert mine, f"nothing of {job} on {topic}"
        for record in mine:
            origin = next((r for r in places if (record_has(record, r))), None)
            assert origin is not None, [name for name, _ in record.headers]
            assert places[origin].value == record.value
            assert places[origin].key == record.key


def record_has(record: Record, text: str) -> bool:
    """Whether a header has this value."""
    return any(value == text.encode() for _, value in record.headers)


def test_an_ordinary_avro_reader_decodes_every_record(
    story: tuple[dict[str, dict[str, str]], list[Record]],
) -> None:
    """Confluent framing, ids from the committed lock file, the committed schemas: nothing of ours is needed."""
    _, records = story
    ids = {number: name for name, number in _schema_ids().items()}
    schemas = {name: avro.schema.parse((SCHEMAS / "avro" / f"{name}.avsc").read_text()) for name in ids.values()}
    read: dict[str, int] = defaultdict(int)
    for record in records:
        assert record.value[:1] == b"\x00", "the magic byte of Confluent framing"
        name = ids[int.from_bytes(record.value[1:5], "big")]
        assert name == f"{_type(record)}.v{(record.header('ce_type') or '').rsplit('.v', 1)[1]}"
        body = io.BytesIO(record.value[5:])
        found = avro.io.DatumReader(schemas[name]).read(avro.io.BinaryDecoder(body))
        assert not body.read(), "bytes are left over"
        key = REGISTRY[name].keyed_by
        assert str(found.get(key, key)) == record.key.decode()
        read[name] += 1
    assert len(read) >= 12, dict(read)


def _schema_ids() -> dict[str, int]:
    found: dict[str, int] = json.loads((SCHEMAS / "schema_ids.json").read_text())
    return found
