"""What people do in the Studio by pages, on real parts: from an empty list to a script, and back in its history."""

import re
from collections.abc import Iterator

import httpx2
import pytest
from pages import Pages
from played_writer import NOTHING, SENTENCES
from served_api import Served
from support.until import until


@pytest.fixture
def me(served: Served) -> Iterator[Pages]:
    """Somebody who may do everything."""
    with Pages(served) as pages:
        yield pages


@pytest.fixture
def document(served: Served) -> str:
    """A document that search sees."""
    with served.client() as api:
        files = {"file": ("leave.md", b"# Leave")}
        done = api.post("/v1/documents", files=files, data={"title": "Leave policy"}).json()
        asked = f"/v1/jobs/{done['job_id']}", {"Muniment-Position": done["position"]}
        until("its job has ended", lambda: api.get(asked[0], headers=asked[1]).json().get("ended"))
        path = f"/v1/documents/{done['document_id']}"
        until("documents have it", lambda: api.get(path).json().get("status") == "indexed")
    return str(done["document_id"])


@pytest.fixture
def project(me: Pages, document: str) -> str:
    """The address of a project with the document, made by its forms."""
    made = me.send(me.get("/studio/new"), "/studio/new", title="Handbook", description="For newcomers")
    here = below(made)
    me.send(me.get(f"{here}/documents"), f"{here}/documents", add=document)
    return here


@pytest.fixture
def episode(me: Pages, project: str) -> str:
    """The address of an episode of it, made by its form."""
    page = me.get(f"{project}/episodes/new")
    return below(me.send(page, f"{project}/episodes/new", title="Leave, explained", brief="How leave is granted"))


def below(answer: httpx2.Response) -> str:
    """The address below /console that a form led to."""
    assert answer.status_code == 200, answer.text
    return answer.url.path.removeprefix("/console")


def written(me: Pages, episode: str, **asked: str) -> tuple[str, str]:
    """The address and the page of a draft that was asked for, once it has ended."""
    asked = {"brief": "How leave is granted", "template": "script", "language": "en", **asked}
    answer = me.send(me.get(episode), f"{episode}/generate", **asked)
    return settled(me, below(answer))


def settled(me: Pages, draft: str) -> tuple[str, str]:
    """A draft's page once nothing of it is on its way any more."""

    def ended() -> str:
        page = me.get(draft)
        return "" if "data-draft-stream" in page or "being checked" in page else page

    return draft, until("the draft has ended", ended)


def revised(me: Pages, draft: str, text: str) -> tuple[str, str]:
    """The draft that an edited text became."""
    return settled(me, below(me.send(me.get(f"{draft}/edit"), f"{draft}/edit", text=text)))


def test_a_project_is_begun_filled_and_found(me: Pages, project: str, document: str) -> None:
    """Its page names its documents, which the picker knows; the list finds it by its title."""
    page = me.get(project)
    assert "For newcomers" in page
    assert f"/console/library/documents/{document}" in page
    assert "In the project" in me.get(f"{project}/documents", q="Leave")
    assert f'href="/console{project}"' in me.get("/studio", q="handb")
    assert "No project matches" in me.get("/studio", q="nowhere to be found")
    gone = me.send(page, f"{project}/documents", remove=document)
    assert "No documents yet" in gone.text


def test_two_people_change_a_project_at_once(me: Pages, project: str) -> None:
    """The second one is shown both readings, with nothing of what was typed lost, and can save over the first."""
    mine, theirs = me.get(f"{project}/edit"), me.get(f"{project}/edit")
    me.send(theirs, f"{project}/edit", title="Theirs", description="Their words")
    conflict = me.send(mine, f"{project}/edit", title="Mine", description="My words")
    assert conflict.status_code == 412
    for words in ("Somebody changed it meanwhile", "Theirs", "Their words", 'value="Mine"', "My words"):
        assert words in conflict.text
    saved = me.send(conflict.text, f"{project}/edit", title="Mine", description="My words")
    assert "<h1>Mine</h1>" in saved.text


def test_episodes_are_put_in_order(me: Pages, project: str) -> None:
    """By the arrows, which say where the episode is then."""
    places = []
    for title in ("First", "Second"):
        made = me.send(me.get(f"{project}/episodes/new"), f"{project}/episodes/new", title=title)
        places.append(below(made))
    token = re.search(r'name="csrf_token" value="([^"]+)"', me.get(project))
    assert token
    moved = me.http.post(
        f"/console{places[1]}/move",
        data={"position": "0", "csrf_token": token[1]},
        headers={"HX-Request": "true"},
    )
    assert moved.text.index("Second") < moved.text.index("First")
    assert "Second is number 1 of 2 now." in moved.text
    assert "<html" not in moved.text


def test_what_is_archived_offers_no_change(me: Pages, episode: str) -> None:
    """Its page says so, and how to take it up again."""
    away = me.send(me.get(episode), f"{episode}/archive")
    assert "This episode is archived" in away.text
    assert f"{episode}/generate" not in away.text
    back = me.send(away.text, f"{episode}/archive")
    assert f"{episode}/generate" in back.text


def test_what_is_not_empty_is_deleted_with_all_of_it_only_when_that_is_chosen(me: Pages, episode: str) -> None:
    """Otherwise the page says what to choose, and everything stays."""
    written(me, episode)
    page = me.get(f"{episode}/delete")
    refused = me.send(page, f"{episode}/delete", cascade="false")
    assert refused.status_code == 409
    assert "There is something in it" in refused.text
    gone = me.send(page, f"{episode}/delete", cascade="true")
    assert "The episode is deleted." in gone.text
    assert me.http.get(f"/console{episode}").status_code == 404


def test_a_draft_shows_what_each_mark_stands_for(me: Pages, episode: str, document: str) -> None:
    """A mark opens its passage with the words that bear it out; one that does not hold says why, in words."""
    draft, page = written(me, episode)
    assert SENTENCES[0].partition(" [")[0] in page
    assert "1 citation does not hold" in page
    assert "The number leads to no passage" in page
    panel = me.http.get(f"/console{draft}/citations/0", headers={"HX-Request": "true"}).text
    assert "<mark>" in panel
    assert "The passage bears it out" in panel
    assert f"/console/library/documents/{document}/text?version=1" in panel
    nowhere = me.http.get(f"/console{draft}/citations/1", headers={"HX-Request": "true"}).text
    assert "No passage was given the number 9" in nowhere
    assert me.http.get(f"/console{draft}/citations/7").status_code == 404
    assert "The passage bears it out" in me.get(draft, citation=0)
    assert f'href="/console{draft}"' in me.get(f"/studio/documents/{document}/scripts")
    assert f"/console/studio/documents/{document}/scripts" in me.get(f"/library/documents/{document}")


def test_a_draft_that_came_to_nothing_says_what_to_do(me: Pages, episode: str) -> None:
    """Why, in the reader's words, and a way to try again."""
    _, page = written(me, episode, brief=NOTHING)
    assert "The documents say too little about the brief" in page
    assert "Write another draft" in page


def test_a_draft_is_edited_compared_committed_and_restored(me: Pages, episode: str) -> None:
    """An edit is a draft of its own, checked anew, with its difference shown; each version can count again."""
    first, page = written(me, episode)
    me.send(page, f"{first}/commit")
    text = "Everyone has thirty days of leave a year [1].\r\nAnd that is all.\r\n"
    second, page = revised(me, first, text)
    assert "Edited draft" in page
    compared = me.get(f"{second}/compare")
    assert "<del>" in compared
    assert "And that is all." in compared
    settled_on = me.send(page, f"{second}/commit")
    assert "Script, version 2" in settled_on.text
    history = me.get(f"{episode}/history")
    assert "Counts now" in history
    restored = me.send(history, f"{episode}/restore")
    assert "Version 3" in restored.text
    assert "twenty-five days" in restored.text


def test_whoever_commits_second_is_shown_that_the_script_has_changed(me: Pages, episode: str) -> None:
    """Nothing is overwritten unless that is chosen."""
    first, page = written(me, episode)
    second, other = revised(me, first, "Another text [1].")
    me.send(page, f"{first}/commit")
    overtaken = me.send(other, f"{second}/commit")
    assert overtaken.status_code == 412
    assert "The script has changed meanwhile" in overtaken.text
    assert f"{second}/compare?with=" in overtaken.text
    assert f"{second}/merge" in overtaken.text
    assert "What is there now" in overtaken.text
    anyway = me.send(overtaken.text, f"{second}/commit")
    assert "Script, version 2" in anyway.text


def test_whoever_restores_second_is_shown_what_counts_by_now(me: Pages, episode: str) -> None:
    """With who settled it, the way to compare both, and nothing overwritten unless that is chosen."""
    first, page = written(me, episode)
    me.send(page, f"{first}/commit")
    second, page = revised(me, first, "Another text [1].")
    me.send(page, f"{second}/commit")
    history = me.get(f"{episode}/history")
    third, page = revised(me, first, "A third text [1].")
    me.send(page, f"{third}/commit")
    overtaken = me.send(history, f"{episode}/restore")
    assert overtaken.status_code == 412
    assert "The script has changed meanwhile" in overtaken.text
    assert f'<a href="/console{third}">Version 3</a>' in overtaken.text
    assert f"{first}/compare?with={third.rsplit('/', 1)[-1]}" in overtaken.text
    anyway = me.send(overtaken.text, f"{episode}/restore")
    assert "Version 4" in anyway.text
    assert "twenty-five days" in anyway.text


def test_what_was_archived_meanwhile_can_be_taken_up_from_there(me: Pages, episode: str) -> None:
    """Settling a draft says why not; a form keeps what was typed."""
    draft, page = written(me, episode)
    form = me.get(f"{episode}/edit")
    me.send(me.get(episode), f"{episode}/archive")
    refused = me.send(page, f"{draft}/commit")
    assert refused.status_code == 412
    assert ">Archived<" in refused.text
    assert f'action="/console{draft}/commit"' not in refused.text
    seen = me.send(form, f"{episode}/edit", title="Kept words", brief="And these")
    kept = me.send(seen.text, f"{episode}/edit", title="Kept words", brief="And these")
    assert kept.status_code == 409
    assert 'value="Kept words"' in kept.text
    assert "What is archived is not changed" in kept.text
    back = me.send(refused.text, f"{episode}/archive")
    assert f"{episode}/generate" in back.text


def test_what_changed_before_it_was_deleted_is_shown_first(me: Pages, project: str) -> None:
    """With the page as it is now, from where it can be deleted."""
    page, other = me.get(f"{project}/delete"), me.get(f"{project}/edit")
    me.send(other, f"{project}/edit", title="Renamed", description="")
    refused = me.send(page, f"{project}/delete")
    assert refused.status_code == 412
    assert "Somebody changed it meanwhile" in refused.text
    assert "Renamed" in refused.text
    assert "The project is deleted" in me.send(refused.text, f"{project}/delete").text


def test_two_peoples_changes_are_put_together(me: Pages, episode: str) -> None:
    """Where both changed the same, one is chosen; what comes of it goes on to the editor, and is saved from there."""
    first, _ = written(me, episode)
    theirs, page = revised(me, first, "Everyone has thirty days [1].\nThe middle.\nTheir end.\n")
    me.send(page, f"{theirs}/commit")
    mine, _ = revised(me, first, "Everyone has forty days [1].\nThe middle.\nTheir end.\n")
    plan = me.get(f"{mine}/merge")
    places = re.findall(r'name="(choice-\d+)"', plan)
    assert places
    undecided = me.send(plan, f"{mine}/merge")
    assert undecided.status_code == 422
    assert "still undecided" in undecided.text
    editor = me.send(plan, f"{mine}/merge", **dict.fromkeys(places, "yours"))
    assert "Everyone has forty days [1]." in editor.text
    assert "Both are put together" in editor.text


def test_what_cannot_be_saved_is_not_lost(me: Pages, episode: str) -> None:
    """The page says what is wrong, and still holds the text."""
    draft, _ = written(me, episode)
    refused = me.send(me.get(f"{draft}/edit"), f"{draft}/edit", text="kept words" + "x" * 200_000)
    assert refused.status_code == 422
    assert "kept words" in refused.text
    assert "Correct what is named" in refused.text


def test_a_draft_is_put_away_and_exported(me: Pages, episode: str) -> None:
    """Each format is a file; what was put away can still be read."""
    draft, page = written(me, episode)
    for form, start in (("markdown", b"---"), ("fountain", b"Title:"), ("docx", b"PK")):
        answer = me.http.get(f"/console{draft}/export", params={"form": form})
        assert answer.content.startswith(start)
        assert answer.headers["content-disposition"].startswith("attachment")
    me.send(page, f"{draft}/discard")
    assert "Put away" in me.get(draft)


def test_an_auditor_sees_the_exchange_and_nobody_else(served: Served, me: Pages, episode: str) -> None:
    """Prompt, passages and answer, each with its place on the log."""
    draft, page = written(me, episode)
    assert f"{draft}/exchange" in page
    exchange = me.get(f"{draft}/exchange")
    for words in ("write", "muniment.projects:", SENTENCES[0].partition(" [")[0]):
        assert words in exchange
    with Pages(served, served.theirs) as stranger:
        assert stranger.http.get(f"/console{draft}").status_code == 404
        assert stranger.http.get(f"/console{draft}/exchange").status_code == 404
        assert stranger.http.get(f"/console{episode}").status_code == 404
