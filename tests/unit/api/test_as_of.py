"""Which moment a reader asks about."""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.api.as_of import places_of, time_of
from muniment.api.keys import Scope
from muniment.api.position import to_token
from muniment.projections.validity import Moment
from muniment.schemas.record import Position, Record
from muniment.schemas.topics import COMMANDS_DOCUMENTS, DLQ, DOCUMENTS

THEN = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
PATHS = (
    "/v1/documents?{}", "/v1/documents/{id}?{}", "/v1/documents/{id}/versions?{}", "/v1/jobs?{}", "/v1/search?q=a&{}",
    "/v1/documents/{id}/scripts?{}",
)  # fmt: skip


def record(topic: str = DOCUMENTS.name, offset: int = 42) -> Record:
    """A record that gives itself one time and was written at another."""
    headers = (("ce_time", THEN.isoformat().encode()),)
    return Record(topic, b"k", b"v", headers, 3, offset, int((THEN + timedelta(hours=1)).timestamp() * 1000))


@given(st.text(max_size=60))
def test_any_text_is_a_moment_or_a_value_error(text):
    """Nothing that a caller sends is an error of another kind."""
    with suppress(ValueError):
        assert time_of(text) or places_of(text)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_is_the_moment_after_all_that_was_recorded_then(at):
    """Whatever lies on the log with that very time counts."""
    moment = time_of(at.isoformat())
    assert moment is not None
    assert moment.at == at
    assert moment > Moment.of(record(), at)


def test_another_zone_is_the_same_time():
    """An offset is reckoned in, and small letters are RFC 3339, too."""
    assert time_of("2026-01-02T12:04:05.678+09:00") == time_of("2026-01-02t03:04:05.678z") == Moment.end_of(THEN)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-02",
        "2026-01-02T03:04:05",
        "2026-01-02T03:04:05 09:00",
        "2026-02-30T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
    ],
)
def test_what_only_looks_like_a_time_is_refused(text):
    """A time without its zone, or that never was."""
    with pytest.raises(ValueError, match="time"):
        time_of(text)


def test_a_record_counts_by_its_own_time_and_a_copy_by_when_it_was_written():
    """A dead letter keeps the headers of the record that it was."""
    assert Moment.of_record(record()) == (THEN, "muniment.documents:00003:0000000000000000042")
    assert Moment.of_record(record(DLQ.name)).at == THEN + timedelta(hours=1)


async def test_every_route_that_tells_the_past_wants_the_scope(world):
    """A reader without `audit` is told which scope is missing; without a key, that there is none."""
    asked = "as_of=2026-01-02T03:04:05Z"
    document_id = world.add_document()
    reader = world.keys.add("seeker", "acme", Scope.DOCUMENTS_READ, Scope.SEARCH)
    async with world.client() as http:
        for path in PATHS:
            address = path.replace("{id}", str(document_id)).replace("{}", asked)
            assert (await http.get(address)).status_code == 401
            refused = await http.get(address, headers=reader)
            assert (refused.status_code, refused.json()["scope"]) == (403, "audit"), address
            assert (await http.get(address, headers=world.mine)).status_code == 200, address
        refused = await http.post("/v1/search", json={"q": "a", "as_of": "2026-01-02T03:04:05Z"}, headers=reader)
        assert refused.status_code == 403
    assert set(world.reads.moments) == {time_of("2026-01-02T03:04:05Z")}


PAST = {
    "listDocuments", "getDocument", "listVersions", "listJobs", "getJob", "search", "listProjects", "getProject",
    "listProjectDocuments", "listEpisodes", "getEpisode", "listDrafts", "getDraft", "getDraftPassage",
    "listDraftSources", "listDocumentScripts", "getScript", "listScriptVersions", "exportDraft", "exportScript",
}  # fmt: skip


async def test_whatever_takes_a_moment_wants_the_scope(world):
    """Every route with the parameter, whatever its address names: no word of the past without `audit`."""
    reader = world.keys.add("seeker", "acme", Scope.DOCUMENTS_READ, Scope.SEARCH)
    found = set()
    async with world.client() as http:
        for path, item in world.app.openapi()["paths"].items():
            for operation in item.values():
                if "as_of" not in {one["name"] for one in operation.get("parameters", ())}:
                    continue
                found.add(operation["operationId"])
                address = re.sub(r"\{(\w+)\}", lambda m: "1" if m[1] == "number" else str(UUID(int=1)), path)
                asked = {"as_of": "2026-01-02T03:04:05Z", "q": "a"}
                refused = await http.get(address, params=asked, headers=reader)
                assert (refused.status_code, refused.json().get("scope")) == (403, "audit"), path
    assert found == PAST


async def test_projects_and_scripts_are_read_as_of_the_same_moment(world):
    """What a draft, a project and a search within one answer is of one moment, also what is looked up for it."""
    project, draft = world.projects.add(), world.scripts.add()
    then = time_of("2026-01-02T03:04:05Z")
    async with world.client() as http:
        for address in (f"/v1/projects/{project}?", f"/v1/drafts/{draft}?", f"/v1/search?q=a&project_id={project}&"):
            told = await http.get(f"{address}as_of=2026-01-02T03:04:05Z", headers=world.mine)
            assert told.status_code == 200, told.text
            for reads in (world.reads, world.projects, world.scripts):
                assert reads.moments.pop() == then, address
        body = {"q": "a", "project_id": str(project), "as_of": "2026-01-02T03:04:05Z"}
        assert (await http.post("/v1/search", json=body, headers=world.mine)).status_code == 200
    assert world.projects.moments == [then]


@pytest.mark.parametrize("address", ["/v1/drafts/{}/export", "/v1/drafts/{}/diff?against={}"])
async def test_a_draft_that_was_erased_since_has_no_text_in_the_past(world, address):
    """It is in the state that it was in, and says as little as the erased one."""
    draft = world.scripts.add(state="written", text=None, erased_at=THEN)
    async with world.client() as http:
        told = await http.get(address.replace("{}", str(draft)), headers=world.mine)
    assert (told.status_code, told.json()["code"]) == (410, "key_destroyed")


@pytest.mark.parametrize(
    ("given_text", "says"),
    [
        ("2999-01-01T00:00:00Z", "future"),
        ("yesterday", "neither a time (2026-11-22T10:15:30Z), nor places"),
        ("2026-01-02T03:04:05", "a time looks like"),
        ("muniment.documents:3:43", "no record at this place"),
        ("other.topic:3:42", "there is no topic other.topic on the log"),
        ("muniment.documents:3:42,nonsense", "neither a time"),
        ("", "neither a time (2026-11-22T10:15:30Z), nor places"),
    ],
)
async def test_what_is_no_moment_is_told_so(world, given_text, says):
    """422, naming the parameter and what is wrong."""
    async with world.client() as http:
        told = await http.get("/v1/documents", params={"as_of": given_text}, headers=world.mine)
        body = await http.post("/v1/search", json={"q": "a", "as_of": given_text}, headers=world.mine)
    assert (told.status_code, told.json()["errors"][0]["where"]) == (422, "query.as_of")
    assert says in told.json()["detail"]
    assert (body.status_code, body.json()["errors"][0]["where"]) == (422, "body.as_of")


async def test_a_place_is_the_moment_of_its_record_once_it_is_folded(world):
    """Of several the latest; the read waits until the read model has those that it follows."""
    world.records.held |= {
        "muniment.documents:3:42": record(),
        "muniment.commands.documents:3:7": record(COMMANDS_DOCUMENTS.name, 7),
    }
    token = to_token([Position(COMMANDS_DOCUMENTS.name, 3, 7)])
    async with world.client() as http:
        for given_text in ("muniment.documents:3:42,muniment.commands.documents:3:7", token):
            told = await http.get("/v1/documents", params={"as_of": given_text}, headers=world.mine)
            assert told.status_code == 200, told.text
    assert world.reads.moments == [Moment.of_record(record()), Moment.of_record(record(COMMANDS_DOCUMENTS.name, 7))]
    assert world.reads.waited[0] == ("documents", [Position(DOCUMENTS.name, 3, 42)], 5.0)
