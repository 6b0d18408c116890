"""Flags, steps and breakers: what operators turn, and what was decided."""

from uuid import UUID, uuid4

import pytest
from support.operation_reads import NOW

from muniment.api.operation_reads.answers import Breaker, FlagChange, Operation, StepState
from muniment.api.operation_reads.rows import breaker_answer, flag_answers, redrive_answer, step_answers
from muniment.api.position import concerns, to_token
from muniment.projections.operations.entry import Entry
from muniment.projections.operations.queries import RedriveRow
from muniment.schemas.breakers import BREAKERS
from muniment.schemas.flags import FLAGS
from muniment.schemas.operation_commands import HaltStep, ResetBreaker, ResumeStep, SetFlag
from muniment.schemas.record import Position
from muniment.schemas.topics import COMMANDS_DOCUMENTS, COMMANDS_OPERATIONS, STEP_NAMES

WHY = {"reason": "Kafka is being moved"}


@pytest.mark.parametrize(
    ("method", "path", "body", "command"),
    [
        ("PUT", "/v1/flags/outbox", {"value": True}, SetFlag(flag="outbox", value=True, **WHY)),
        ("POST", "/v1/steps/embedding/halt", {}, HaltStep(step="embedding", **WHY)),
        ("POST", "/v1/steps/embedding/resume", {}, ResumeStep(step="embedding", **WHY)),
        ("POST", "/v1/breakers/embedding/reset", {}, ResetBreaker(breaker="embedding", **WHY)),
    ],
)
async def test_what_an_operator_turns_is_a_command(world, method, path, body, command):
    """It is on the log with who and why before anything happens; without the scope or a reason it is refused."""
    async with world.client() as http:
        assert (await http.request(method, path, json=body | WHY, headers=world.reader)).status_code == 403
        assert (await http.request(method, path, json=body, headers=world.operator)).status_code == 422
        assert not world.publisher.sent
        answer = await http.request(method, path, json=body | WHY, headers=world.operator)
    assert answer.status_code == 202, answer.text
    [sent] = await world.sent()
    assert (sent.event, sent.meta.actor) == (command, "key:id-operator")
    assert answer.json() == {
        "operation_id": str(sent.meta.event_id),
        "position": answer.headers["muniment-position"],
    }


@pytest.mark.parametrize(
    ("method", "path", "known"),
    [
        ("GET", "/v1/flags/colour", FLAGS),
        ("PUT", "/v1/flags/colour", FLAGS),
        ("POST", "/v1/steps/dreaming/halt", STEP_NAMES),
        ("POST", "/v1/steps/dreaming/resume", STEP_NAMES),
        ("POST", "/v1/breakers/coffee/reset", BREAKERS),
    ],
)
async def test_an_unknown_name_is_answered_with_the_known_ones(world, method, path, known):
    """Whoever mistypes sees what there is."""
    async with world.client() as http:
        sent = {} if method == "GET" else {"json": {"value": True, **WHY} if method == "PUT" else WHY}
        answer = await http.request(method, path, headers=world.operator, **sent)
    assert (answer.status_code, answer.json()["known"]) == (404, list(known))
    assert not world.publisher.sent


async def test_the_step_that_resumes_the_others_is_not_halted(world):
    """Whoever asks is told at once, and what to do instead; nothing is on the record."""
    async with world.client() as http:
        answer = await http.post("/v1/steps/operating/halt", json=WHY, headers=world.operator)
        resumed = await http.post("/v1/steps/operating/resume", json=WHY, headers=world.operator)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (409, "not_haltable")
    assert "operating" in told["detail"]
    assert "Halt the steps whose work is to rest" in told["what_to_do"]
    assert resumed.status_code == 202
    assert [type(sent.event) for sent in await world.sent()] == [ResumeStep]


async def test_lists_show_everything_there_is(world):
    """Every flag, step and breaker, touched or not, and a flag's history."""
    world.reads.halted = [StepState(name="embedding", state="halted", since=NOW, reason="why", code="x")]
    world.reads.opened = [Breaker(name="blobs", state="open", since=NOW, retry_at=NOW, failures=5)]
    world.reads.changes["outbox"] = [FlagChange(value=True, at=NOW, actor="key:a", reason="why")]
    async with world.client() as http:
        flags = (await http.get("/v1/flags", headers=world.operator)).json()["items"]
        steps = (await http.get("/v1/steps", headers=world.operator)).json()["items"]
        breakers = (await http.get("/v1/breakers", headers=world.operator)).json()["items"]
        one = (await http.get("/v1/flags/outbox", headers=world.operator)).json()
    assert {flag["name"]: flag["value"] for flag in flags} == {name: flag.default for name, flag in FLAGS.items()}
    assert [step["name"] for step in steps if step["state"] == "halted"] == ["embedding"]
    assert [breaker["state"] for breaker in breakers] == ["closed", "open", *["closed"] * (len(BREAKERS) - 2)]
    assert one["meaning"]
    assert [change["actor"] for change in one["history"]] == ["key:a"]


async def test_a_step_that_waits_says_for_what(world):
    """As the processes say that run it."""
    world.workers.waiting["embedding"] = "t:0:4: key_ring_unusable: `muniment keys give-up --key 7`"
    async with world.client() as http:
        steps = (await http.get("/v1/steps", headers=world.operator)).json()["items"]
    assert {step["name"]: step["waits"] for step in steps if step["waits"]} == world.workers.waiting


async def test_a_decision_can_be_asked_for(world):
    """Rejected with its reason, accepted with the redrive that it began; 404 while nothing is decided."""
    no, yes, redrive_id = uuid4(), uuid4(), uuid4()

    def said(kind: str, about: str, operation_id: UUID, **details: object) -> Operation:
        return Operation(
            kind=kind, about=about, actor="key:a", at=NOW, reason="because", operation_id=operation_id, details=details
        )

    world.reads.decided["acme", no] = [said("rejected", "embedding", no, code="not_halted")]
    world.reads.decided["acme", yes] = [said("redrive_started", str(redrive_id), yes)]
    async with world.client() as http:
        rejected = (await http.get(f"/v1/operations/{no}", headers=world.operator)).json()
        accepted = (await http.get(f"/v1/operations/{yes}", headers=world.operator)).json()
        nothing = await http.get(f"/v1/operations/{uuid4()}", headers=world.operator)
        listed = (await http.get("/v1/operations?kind=rejected", headers=world.operator)).json()["items"]
    assert (rejected["outcome"], rejected["code"], rejected["reason"]) == ("rejected", "not_halted", "because")
    assert (accepted["outcome"], accepted["redrive_id"]) == ("accepted", str(redrive_id))
    assert nothing.status_code == 404
    assert [one["about"] for one in listed] == ["embedding"]


async def test_a_read_of_operations_waits_for_an_operators_command(world):
    """The token of an operator's command is one, and goes to the read models that follow operators."""
    token = to_token([Position(COMMANDS_OPERATIONS.name, 0, 4)])
    async with world.client() as http:
        answer = await http.get("/v1/flags", headers=world.operator | {"Muniment-Position": token})
    assert answer.status_code == 200
    assert world.reads.waited == [("operations", [Position(COMMANDS_OPERATIONS.name, 0, 4)], 5.0)]
    operators, callers = Position(COMMANDS_OPERATIONS.name, 0, 4), Position(COMMANDS_DOCUMENTS.name, 0, 4)
    assert [concerns(name, operators) for name in ("operations", "dead_letters", "jobs")] == [True, True, False]
    assert [concerns(name, callers) for name in ("operations", "dead_letters", "jobs")] == [False, False, True]


def entry(kind: str, about: str, **body: object) -> Entry:
    """A row of the journal."""
    return Entry(uuid4(), 0, 1, kind, about, "acme", "key:a", uuid4(), NOW, "because", body)


def test_rows_say_what_holds_now():
    """A set flag, a halted and a resumed step, an open and a closed breaker."""
    flags = {flag.name: flag for flag in flag_answers({"outbox": entry("flag", "outbox", value=True)})}
    assert (flags["outbox"].value, flags["outbox"].default, flags["outbox"].actor) == (True, False, "key:a")
    halted = entry("halted", "chunking", code="unexpected", dead=9, settled=10)
    resumed = entry("resumed", "embedding", by="probe")
    ignored = entry("halted", "operating", code="", dead=0, settled=0)
    by_brake = step_answers({"operating": entry("halted", "operating", code="unexpected", dead=9, settled=10)})
    assert [step.name for step in by_brake if step.state == "halted"] == ["operating"]
    steps = {step.name: step for step in step_answers({"chunking": halted, "embedding": resumed, "operating": ignored})}
    assert (steps["operating"].state, steps["operating"].since) == ("running", None)
    assert (steps["chunking"].state, steps["chunking"].dead, steps["chunking"].code) == ("halted", 9, "unexpected")
    assert (steps["embedding"].state, steps["embedding"].code) == ("running", None)
    opened = breaker_answer("blobs", entry("breaker_opened", "blobs", failures=5, retry_after_s=30.0, code="x"))
    assert opened.retry_at is not None
    assert ((opened.retry_at - NOW).total_seconds(), opened.state) == (30.0, "open")
    assert breaker_answer("blobs", entry("breaker_closed", "blobs", by="probe")).by == "probe"


async def test_a_branch_is_halted_and_resumed_by_its_name(world):
    """Re-embedding for one model; a model that there is not is answered with what there is."""
    name = "reembedding:fake"
    async with world.client() as http:
        for verb, command in (("halt", HaltStep), ("resume", ResumeStep)):
            answer = await http.post(f"/v1/steps/{name}/{verb}", json={"reason": "a drill"}, headers=world.operator)
            assert answer.status_code == 202, answer.text
            assert (await world.sent())[-1].event == command(step=name, reason="a drill")
        other = await http.post("/v1/steps/reembedding:x%231/halt", json={"reason": "a drill"}, headers=world.operator)
    assert other.status_code == 404
    assert {name, "reembedding", "indexing"} <= set(other.json()["known"])


def test_a_branch_is_shown_once_it_was_halted():
    """After the steps; of a step that has no branches there are none, whatever the log says."""
    halted = entry("halted", "reembedding:big#8", code="unexpected", dead=9, settled=10)
    steps = step_answers({"reembedding:big#8": halted, "indexing:x": entry("halted", "indexing:x", dead=1)})
    assert [(step.name, step.state) for step in steps[-2:]] == [
        ("generating", "running"),
        ("reembedding:big#8", "halted"),
    ]


def test_a_redrive_says_what_is_left():
    """Letters that are not back at their steps are left, whether it runs or has ended."""
    row = RedriveRow(uuid4(), "acme", "key:a", NOW, "why", 10, {}, 1.0, 0, 7, 2, NOW, NOW, "stopped", "enough")
    told = redrive_answer(row)
    assert (told.state, told.left, told.failed) == ("stopped", 3, 2)
