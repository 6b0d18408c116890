"""Read models are built anew from the log while readers go on, and say the same; what was erased stays away."""

import asyncio
import json
import threading
from typing import Any
from uuid import UUID

import asyncpg
from support.stack import Api, Stack, until

from muniment.infra.stack.record import load_settings
from muniment.producers.key_file import load
from muniment.producers.postgres_key_ring import PostgresKeyRing

READERS = {"documents": ["/v1/documents"], "jobs": ["/v1/jobs"], "chunks": [], "dead_letters": ["/v1/dead-letters"]}


def seen(api: Api, document_ids: list[str]) -> dict[str, Any]:
    """Everything that a reader can see of these documents, but for scores and times."""
    found: dict[str, Any] = {
        address: sorted(api.get(address, limit=100)["items"], key=str)
        for addresses in READERS.values()
        for address in addresses
    }
    for document_id in document_ids:
        found[document_id] = api.get(f"/v1/documents/{document_id}/versions")
        hits = api.search("quartzquail", mode="vector", k=100, document_ids=[document_id])
        found[f"chunks of {document_id}"] = sorted((hit["ordinal"], hit["version"], hit["text"]) for hit in hits)
    hits = api.search("quartzquail", mode="text", k=100)
    found["words"] = sorted((hit["document_id"], hit["ordinal"], hit["start"], hit["end"]) for hit in hits)
    return found


class Searching(threading.Thread):
    """Searches all the while; every answer has to be the whole one."""

    def __init__(self, api: Api) -> None:
        super().__init__(daemon=True)
        self._api = api
        self._stop_asked = threading.Event()
        self.seen: set[tuple[tuple[str, int], ...]] = set()
        self.answers = 0
        self.errors: list[str] = []

    def run(self) -> None:
        """Search until asked to end."""
        while not self._stop_asked.wait(0.1):
            try:
                hits = self._api.search("quartzquail", mode="text", k=100)
                self._api.get("/v1/documents")
                self._api.get("/v1/jobs")
            except Exception as error:  # noqa: BLE001 - whatever a reader meets is told by the test
                self.errors.append(repr(error)[:300])
                continue
            self.answers += 1
            self.seen.add(tuple(sorted((hit["document_id"], hit["ordinal"]) for hit in hits)))

    def end(self) -> None:
        """Stop searching."""
        self._stop_asked.set()
        self.join(30)


def test_rebuilds_go_unnoticed(stack: Stack, api: Api) -> None:
    """`muniment replay` beside the live one: readers see the same before, all the while and after."""
    text = "The quartzquail sings at dawn, and then it rests for the whole of the day. " * 30
    done = [api.indexed(f"# Bird {n}\n\n{text}", f"bird-{n}.md") for n in range(4)]
    api.indexed("A new version, quartzquail.", "bird-0.md", document_id=done[0]["document_id"])
    api.ended(api.submit(b"\x7fELF" + bytes(99), "refused.bin"))
    assert api.ended(api.delete(done[3]["document_id"]))["outcome"] == "deleted"
    until("search forgets it", lambda: not api.search("x", mode="vector", document_ids=[done[3]["document_id"]]), 60)
    ids = [one["document_id"] for one in done[:3]]
    before = seen(api, ids)
    reader = Searching(stack.api(api.tenant))
    reader.start()
    told = stack.run("replay", *READERS).stdout
    assert [name for name in READERS if f"{name} is now read from" not in told] == [], told
    assert told.count("rows equal") == len(READERS), told
    until("reads after the switch", lambda n=reader.answers: reader.answers > n + 3)
    reader.end()
    assert not reader.errors, reader.errors[:3]
    assert len(reader.seen) == 1, "a search during the rebuild saw something else"
    assert seen(api, ids) == before
    # The new one goes on following the log.
    api.indexed("Another quartzquail, later.", "later.txt")
    assert len(api.search("quartzquail", mode="text", k=100)) == len(before["words"]) + 1


def test_a_destroyed_key_is_a_redaction_in_every_read_model(stack: Stack, api: Api) -> None:
    """After the key is gone a rebuild goes through: text and names of that document are nowhere, others stay."""
    gone = api.indexed("The erased sapphireswan and its story.", "swan-file.txt", title="Swan")
    kept = api.indexed("The kept sapphireswan of another file.", "kept.txt")
    asyncio.run(_destroy(stack, api.tenant, gone["document_id"]))
    names = ("chunks", "documents", "predictions")
    told = stack.run("replay", *names, "--drop", "--accept", "a key was destroyed without a fact on the log").stdout
    assert [name for name in names if f"{name} is now read from" not in told] == [], told
    hits = api.search("sapphireswan", mode="text")
    assert [hit["document_id"] for hit in hits] == [kept["document_id"]]
    assert [hit["document_id"] for hit in api.search("sapphireswan", mode="vector", k=50)] == [kept["document_id"]]
    assert [hit["document_id"] for hit in api.search("sapphireswan", mode="hybrid", k=50)] == [kept["document_id"]]
    for address in ("/v1/documents", "/v1/jobs", f"/v1/documents/{gone['document_id']}/versions"):
        shown = str(api.get(address))
        assert "swan-file" not in shown
        assert "Swan" not in shown
    assert "kept.txt" in str(api.get("/v1/documents"))
    assert api.indexed("The log goes on for sapphireswan.", "after.txt")

    def well() -> bool:
        parts = json.loads(stack.run("projections", "list", "--json").stdout)
        return {(part["running"], part["parked"], part["error"]) for part in parts.values()} == {(True, 0, "")}

    until("each read model is followed", well)


async def _destroy(stack: Stack, tenant: str, document_id: str) -> None:
    settings = load_settings(home=stack.home)
    async with asyncpg.create_pool(stack.database_url, min_size=1, max_size=2) as pool:
        assert await PostgresKeyRing(pool, load(settings.key_ring_file)).destroy(tenant, UUID(document_id)) == 1
