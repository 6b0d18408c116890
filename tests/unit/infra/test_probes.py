"""What the API's health asks of the other parts."""

import asyncio
from typing import Any

import httpx2
import pytest

from muniment.infra import probes
from muniment.infra.settings import Settings


def client(answers):
    """A client that is answered by path; what is not there refuses the connection."""

    def answer(request):
        found = answers.get(request.url.path)
        if found is None:
            raise httpx2.ConnectError("refused", request=request)
        status, body = found
        return httpx2.Response(status, json=body, request=request)

    return httpx2.AsyncClient(transport=httpx2.MockTransport(answer))


def settings(**given):
    return Settings(_env_file=None, **{"OPENAI_BASE_URL": "http://127.0.0.1:1/v1", **given})


async def test_the_database_says_how_many_connections_there_are():
    """Facts of the pool; an error goes through, which is the bad news."""

    class Pool:
        async def fetchval(self, statement):
            return 1

        def get_size(self):
            return 4

        def get_idle_size(self):
            return 3

    assert await probes.database(Pool())() == {"connections": 4, "idle": 3}

    class Away(Pool):
        async def fetchval(self, statement):
            raise ConnectionRefusedError

    with pytest.raises(ConnectionRefusedError):
        await probes.database(Away())()


async def test_a_log_that_is_not_as_it_was_sealed_is_a_part_that_is_not_well():
    """A finding, or a partition that is halted, with the command that tells more."""

    class Pool:
        def __init__(self, findings, halted):
            self.row = {"findings": findings, "halted": halted}

        async def fetchrow(self, statement):
            return self.row

    assert await probes.sealing(Pool(0, 0))() == {"findings": 0, "halted": 0}
    for counts in ((1, 0), (0, 1)):
        with pytest.raises(probes.NotAsSealedError) as told:
            await probes.sealing(Pool(*counts))()
        assert told.value.facts == dict(zip(("findings", "halted"), counts, strict=True)) | {
            "do": "muniment audit findings"
        }


async def test_the_log_says_how_many_brokers_there_are():
    """As the publisher's client knows them."""

    class Publisher:
        async def brokers(self):
            return 3

    assert await probes.log(Publisher())() == {"brokers": 3}


async def test_embeddings_answer_with_their_key():
    """The key goes along when there is one; a refusal is an exception."""
    seen = []

    def answer(request):
        seen.append(request.headers.get("authorization"))
        return httpx2.Response(200 if seen[-1] else 401, json={"data": []}, request=request)

    http = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
    found = await probes.embeddings(settings(OPENAI_API_KEY="secret"), http)()
    assert found == {"model": "multilingual-e5-small"}
    assert seen == ["Bearer secret"]
    with pytest.raises(httpx2.HTTPStatusError):
        await probes.embeddings(settings(), http)()


async def test_a_process_that_is_away_is_an_exception():
    """Not an empty answer."""
    with pytest.raises(httpx2.ConnectError):
        await probes.process(settings(), 1, client({}))()
    with pytest.raises(httpx2.HTTPStatusError):
        await probes.process(settings(), 1, client({"/health": (503, {"parts": {}})}))()


LOST = "key_ring_unusable: the key store has never heard of data key 7: `muniment keys give-up --key 7`"


async def test_a_read_model_that_waits_for_a_key_is_told_without_the_key():
    """The process is there, and has told: all may know that it waits, the whole of it is for those who asked it."""
    waits = {"running": False, "state": "waiting_for_keys", "error": LOST, "for_s": 9.0, "lag": 3}
    parts = {"documents": waits, "jobs": {"running": True, "state": "running"}}
    with pytest.raises(probes.PartsWaitError) as told:
        await probes.process(settings(), 1, client({"/health": (503, {"parts": parts})}))()
    stopped = {"state": "waiting_for_keys", "code": "key_ring_unusable", "for_s": 9.0}
    assert told.value.facts == {"stopped": {"documents": stopped}}
    assert told.value.parts == parts


def waited(for_s, step="extracting", records=1):
    """A record that waits for a key, as a worker tells."""
    return {"step": step, "position": "muniment.documents:0:4", "code": "key_ring_unusable", "detail": "key 7",
            "records": records, "for_s": for_s}  # fmt: skip


async def test_a_worker_in_which_a_record_waits_says_so():
    """It is well, and a restart would heal nothing; yet somebody has to hear of it, though not of a moment's wait."""
    body = {"parts": {"extracting": {"running": True}}, "waits": [waited(60.0), waited(1.0)]}
    with pytest.raises(probes.PartsWaitError) as told:
        await probes.process(settings(), 1, client({"/health": (200, body)}))()
    shown = {"step": "extracting", "code": "key_ring_unusable", "records": 1, "for_s": 60.0}
    assert told.value.facts == {"waits": [shown]}
    short = body | {"waits": [waited(1.0)]}
    assert await probes.process(settings(), 1, client({"/health": (200, short)}))() == body["parts"]


FOREIGN = [
    {"waits": 3, "parts": []},
    {"waits": ["x"], "parts": {"a": 1}},
    {"waits": [{"for_s": "long"}], "parts": 7},
    {"waits": [{"for_s": 99}], "parts": {"a": {"lag": "far"}}},
]


@pytest.mark.parametrize(("port", "found"), [(5, {"extracting", "chunking"}), (0, {"extracting"})])
async def test_what_steps_wait_for_is_asked_where_they_run(port, found):
    """In this process, and in the worker of this stack; the step that waits says where and for what."""
    http = client({"/health": (200, {"waits": [waited(60.0, "chunking", 3), waited(50.0, "chunking")]})})
    waits = await probes.step_waits(settings(workers_port=port), http, lambda: [waited(30.0)])()
    assert set(waits) == found
    assert waits["extracting"] == "muniment.documents:0:4: key_ring_unusable: key 7"
    assert ("and 2 more" in waits.get("chunking", "")) == ("chunking" in found)
    alone = probes.step_waits(settings(workers_port=5), client({}), lambda: [waited(30.0)])
    assert set(await alone()) == {"extracting"}


@pytest.mark.parametrize("body", FOREIGN, ids=str)
async def test_somebody_else_on_the_port_of_a_process_tells_nothing(body):
    """What it answers has another form: what this process knows is told all the same."""
    http = client({"/health": (200, body)})
    here = await probes.step_waits(settings(workers_port=5), http, lambda: [waited(30.0)])()
    assert set(here) == {"extracting"}
    assert await probes.lag(settings(projections_port=5), http)() == {}


@pytest.mark.parametrize("status", [200, 503])
async def test_the_lag_is_what_the_projections_say(status):
    """One that does not run yet has none to tell; without an answer there is nothing to say."""
    parts = {"documents": {"lag": 4}, "jobs": {"running": False}, "chunks": {"lag": None}}
    http = client({"/health": (status, {"parts": parts})})
    found = await probes.lag(settings(projections_port=5), http)()
    assert found == ({"documents": 4, "jobs": 0, "chunks": 0} if status == 200 else {})
    assert await probes.lag(settings(projections_port=5), client({}))() == {}


class Broker:
    """A publisher whose broker is away, or does not answer."""

    def __init__(self, *, hangs: bool) -> None:
        self._hangs = hangs

    async def brokers(self) -> int:
        """See `KafkaPublisher.brokers`."""
        if self._hangs:
            await asyncio.sleep(3600)
        raise ConnectionError


@pytest.mark.parametrize("hangs", [False, True], ids=["refused", "no answer"])
async def test_an_absent_log_is_told_and_not_fatal_while_the_outbox_is_on(
    hangs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Off: the part is away, and nobody is to be sent here; on: requests are served, and the facts say without what."""
    monkeypatch.setattr(probes, "LOG_S", 0.01)
    publisher: Any = Broker(hangs=hangs)
    with pytest.raises((ConnectionError, TimeoutError)):
        await probes.log(publisher, lambda: False)()
    facts = await probes.log(publisher, lambda: True)()
    assert (facts["brokers"], facts["outbox"]) == (0, True)


async def test_commands_that_wait_are_no_good_health() -> None:
    """Nothing waits: well. Something waits: the part is away, so that the whole is degraded."""

    class Waiting:
        waits = 0

        async def waiting(self) -> int:
            return self.waits

    found: Any = Waiting()
    assert await probes.outbox(found, lambda: True)() == {"on": True, "waiting": 0}
    found.waits = 3
    with pytest.raises(probes.CommandsWait):
        await probes.outbox(found, lambda: True)()
