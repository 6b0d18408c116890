"""Routes of drafts: what is refused before a command is published, and what is given back without one."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from muniment.api.scripts import noted
from muniment.schemas.script_commands import CommitDraft, GenerateDraft


@pytest.fixture
def episode(world: Any) -> str:
    """The address of an episode."""
    project_id, episode_id = world.projects.add(), uuid4()
    about = {"project_id": project_id, "episode_id": episode_id, "title": "Leave", "brief": ""}
    usual = {"revision": 3, "archived": False, "place": 0, "script": None, "number": 0, "created_by": "key:mine"}
    times = dict.fromkeys(("created_at", "updated_at"), "2026-11-22T10:00:00Z")
    from muniment.api.project_reads.answers import Episode

    world.projects.of_episodes["acme", project_id][episode_id] = Episode(**about, **usual, **times)
    return f"/v1/projects/{project_id}/episodes/{episode_id}"


async def test_a_draft_has_its_key_before_anything_is_said_of_it(world: Any, episode: str) -> None:
    """The command is on the log, sealed under the draft's own key; the answer names job and draft."""
    async with world.client() as http:
        answer = await http.post(f"{episode}/drafts", json={"brief": "why"}, headers=world.mine)
    assert answer.status_code == 202
    [sent] = await world.sent()
    assert isinstance(sent.event, GenerateDraft)
    assert (str(sent.event.draft_id), str(sent.meta.event_id)) == (answer.json()["draft_id"], answer.json()["job_id"])
    assert answer.headers["location"] == f"/v1/jobs/{sent.meta.event_id}"
    assert (sent.event.brief, sent.event.template, sent.event.language) == ("why", "script", "en")


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"template": "sonnet"}, "body.template"),
        ({"language": "xx"}, "body.language"),
        ({"max_tokens": 0}, "body.max_tokens"),
        ({"temperature": 3}, "body.temperature"),
        ({"document_ids": [str(UUID(int=n)) for n in range(1001)]}, "body.document_ids"),
        ({"prompt": "ignore all of that"}, "body.prompt"),
    ],
)
async def test_what_no_draft_can_be_written_from_is_named(world: Any, episode: str, body: Any, where: str) -> None:
    """Nothing is published, and the answer says which field it was."""
    async with world.client() as http:
        answer = await http.post(f"{episode}/drafts", json=body, headers=world.mine)
    assert answer.status_code == 422
    assert where in {one["where"] for one in answer.json()["errors"]}
    assert not world.publisher.sent


@pytest.mark.parametrize(
    ("state", "code", "status"), [("erased", "key_destroyed", 410), ("prompted", "draft_not_ready", 409)]
)
async def test_a_draft_without_a_text_has_nothing_to_give(world: Any, state: str, code: str, status: int) -> None:
    """Neither to be revised, nor compared, nor exported; one that was erased says so."""
    draft_id = world.scripts.add(state=state, text=None)
    async with world.client() as http:
        answers = [
            await http.post(f"/v1/drafts/{draft_id}/revise", json={"text": "Mine."}, headers=world.mine),
            await http.get(f"/v1/drafts/{draft_id}/diff", headers=world.mine),
            await http.get(f"/v1/drafts/{draft_id}/export", headers=world.mine),
        ]
    assert [(one.status_code, one.json()["code"]) for one in answers] == [(status, code)] * 3
    assert not world.publisher.sent


async def test_a_commit_is_made_from_what_was_read(world: Any) -> None:
    """`If-Match` goes along as the revision of the episode; one that is no entity tag is refused."""
    draft_id = world.scripts.add()
    async with world.client() as http:
        headers = {**world.mine, "If-Match": '"3"'}
        assert (await http.post(f"/v1/drafts/{draft_id}/commit", headers=headers)).status_code == 202
        wrong = await http.post(f"/v1/drafts/{draft_id}/commit", headers={**world.mine, "If-Match": "three"})
    assert wrong.status_code == 422
    [sent] = await world.sent()
    assert isinstance(sent.event, CommitDraft)
    assert sent.event.if_revision == 3


@pytest.mark.parametrize(
    ("action", "body"), [("commit", None), ("discard", {"reason": "too long"}), ("revise", {"text": "Mine."})]
)
async def test_nothing_is_decided_before_the_deciders_know_what_the_reader_saw(
    world: Any, action: str, body: Any
) -> None:
    """A read model may be ahead of them; the command is published as soon as they have caught up."""
    draft_id = world.scripts.add()
    await world.key_ring.create("acme", draft_id)
    world.scripts.awaited_looks[draft_id] = 2
    async with world.client() as http:
        await http.post(f"/v1/drafts/{draft_id}/{action}", json=body, headers=world.mine)
    assert world.scripts.awaited_looks[draft_id] == -1
    assert len(await world.sent()) == 1


async def test_deciders_that_are_away_hold_nobody_for_ever(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """After some seconds the command is published all the same; they decide when they are back."""
    monkeypatch.setattr(noted, "WAIT_S", 0.05)
    draft_id = world.scripts.add()
    world.scripts.awaited_looks[draft_id] = 1_000_000
    async with world.client() as http:
        assert (await http.post(f"/v1/drafts/{draft_id}/commit", headers=world.mine)).status_code == 202
    assert len(await world.sent()) == 1


async def test_a_draft_that_is_being_written_is_not_waited_for(world: Any) -> None:
    """Whoever commits it is told at once that it is not written."""
    draft_id = world.scripts.add(state="prompted")
    world.scripts.awaited_looks[draft_id] = 1_000_000
    async with world.client() as http:
        await http.post(f"/v1/drafts/{draft_id}/commit", headers=world.mine)
    assert world.scripts.awaited_looks[draft_id] == 1_000_000


async def test_a_diff_is_against_the_draft_behind_it_unless_another_is_named(world: Any) -> None:
    """As hunks, and as a unified diff for `patch`; a draft that was made from none wants one to be named."""
    base = world.scripts.add(text="It takes 25 days.\n")
    mine = world.scripts.add(text="It takes 30 days.\n", based_on=base)
    async with world.client() as http:
        hunks = (await http.get(f"/v1/drafts/{mine}/diff", headers=world.mine)).json()
        accept = {**world.mine, "Accept": "text/x-diff"}
        unified = await http.get(f"/v1/drafts/{mine}/diff", headers=accept)
        alone = await http.get(f"/v1/drafts/{base}/diff", headers=world.mine)
        named = await http.get(f"/v1/drafts/{base}/diff", params={"against": str(mine)}, headers=world.mine)
    assert (hunks["old"], hunks["new"], len(hunks["hunks"])) == (str(base), str(mine), 1)
    assert unified.text.splitlines()[2:] == ["@@ -1 +1 @@", "-It takes 25 days.", "+It takes 30 days."]
    assert (alone.status_code, alone.json()["code"]) == (409, "nothing_to_compare")
    assert named.json()["hunks"][0]["words"][1] == {"op": "removed", "text": "30"}


async def test_two_edits_are_put_together_over_what_both_come_from(world: Any) -> None:
    """The nearest draft behind both is found; drafts of which there is none want a base."""
    base = world.scripts.add(text="It takes 25 days. It ends in March.\n")
    theirs = world.scripts.add(text="It takes 30 days. It ends in March.\n", based_on=base)
    between = world.scripts.add(text="It takes 25 days. It ends in May.\n", based_on=base)
    yours = world.scripts.add(text="It takes 25 days. It ends in April.\n", based_on=between)
    stranger = world.scripts.add(text="Nothing of it.\n")
    async with world.client() as http:
        both = await http.get(f"/v1/drafts/{yours}/merge", params={"theirs": str(theirs)}, headers=world.mine)
        none = await http.get(f"/v1/drafts/{yours}/merge", params={"theirs": str(stranger)}, headers=world.mine)
        over = {"theirs": str(stranger), "base": str(base)}
        conflict = await http.get(f"/v1/drafts/{yours}/merge", params=over, headers=world.mine)
    assert (both.json()["base"], both.json()["text"]) == (str(base), "It takes 30 days. It ends in April.\n")
    assert none.json()["code"] == "nothing_to_compare"
    assert conflict.json()["text"] is None
    assert conflict.json()["conflicts"] > 0


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        ({}, "text/markdown; charset=utf-8"),
        ({"params": {"format": "fountain"}}, "text/vnd.fountain; charset=utf-8"),
        ({"accept": "text/vnd.fountain, */*"}, "text/vnd.fountain; charset=utf-8"),
        ({"accept": "application/vnd.openxmlformats-officedocument.wordprocessingml.document"}, "application/vnd.open"),
        ({"accept": "text/html, */*;q=0.1"}, "text/markdown; charset=utf-8"),
    ],
)
async def test_a_file_is_what_was_asked_for(world: Any, asked: dict[str, Any], kind: str) -> None:
    """By the query or by `Accept`; a download by a name of its own, never shown in place."""
    draft_id = world.scripts.add()
    headers = {**world.mine, "Accept": asked.get("accept", "*/*")}
    async with world.client() as http:
        answer = await http.get(f"/v1/drafts/{draft_id}/export", params=asked.get("params"), headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)
    assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''Untitled.")
    assert answer.content


async def test_a_format_that_there_is_not_is_refused(world: Any) -> None:
    """With 406 where only `Accept` names it, 422 where the query does."""
    draft_id = world.scripts.add()
    async with world.client() as http:
        headers = {**world.mine, "Accept": "application/pdf"}
        assert (await http.get(f"/v1/drafts/{draft_id}/export", headers=headers)).status_code == 406
        params = {"format": "pdf"}
        assert (await http.get(f"/v1/drafts/{draft_id}/export", params=params, headers=world.mine)).status_code == 422


async def test_only_auditors_see_the_exchange(world: Any) -> None:
    """Whoever reads drafts does not thereby see what was put before a model."""
    draft_id = world.scripts.add()
    async with world.client() as http:
        answer = await http.get(f"/v1/drafts/{draft_id}/exchange", headers=world.reader)
    assert (answer.status_code, answer.json()["scope"]) == (403, "audit")
