"""The Studio's pages with nothing on them yet, and with what somebody may not do."""

from dataclasses import replace
from decimal import Decimal
from uuid import uuid4

import pytest
from support.project_reads import NOW
from support.signed_in import browser

from muniment.api.app import create_app
from muniment.api.keys import Scope
from muniment.api.project_reads.answers import Episode
from muniment.api.settings import ApiSettings, WriterTerms
from muniment.producers.writing.cost import Prices


@pytest.fixture
async def http(world):
    """Somebody with every scope, signed in."""
    async with browser(world.app) as client:
        await client.post("/console/sign-in", data={"key": "mine"})
        yield client


async def test_an_empty_studio_says_what_comes_first(world, http):
    """In both languages, with the way there."""
    answer = await http.get("/console/studio")
    assert "No project yet" in answer.text
    assert 'href="/console/studio/new"' in answer.text
    korean = await http.get("/console/studio", headers={"Accept-Language": "ko"})
    assert "아직 프로젝트가 없습니다" in korean.text


async def test_a_project_without_documents_asks_for_them_first(world, http):
    """Before an episode is worth beginning."""
    project = world.projects.add(description="<b>bold</b>")
    page = (await http.get(f"/console/studio/projects/{project}")).text
    assert "The first step: add what scripts are to be written from." in page
    assert "Add documents first, then begin an episode." in page
    assert "&lt;b&gt;bold" in page
    assert "<b>bold" not in page


async def test_who_may_only_read_is_offered_no_change(world):
    """No button leads to what the server would refuse."""
    world.keys.add("looker", "acme", Scope.DOCUMENTS_READ)
    project = world.projects.add()
    async with browser(world.app) as client:
        await client.post("/console/sign-in", data={"key": "looker"})
        pages = [await client.get(f"/console/studio{path}") for path in ("", f"/projects/{project}")]
    for page in pages:
        assert page.status_code == 200
        assert "/new" not in page.text
        assert "/edit" not in page.text
        assert "/delete" not in page.text


async def test_an_episode_of_few_documents_offers_no_search_among_them(world, http):
    """A field to find what is in sight would be in the way."""
    project, episode = begun(world)
    world.add_document()
    page = (await http.get(f"/console/studio/projects/{project}/episodes/{episode}")).text
    assert 'name="only"' in page
    assert "data-only-find" not in page


async def test_a_change_that_does_not_show_in_time_is_not_lost(world, http):
    """The list says that it was accepted; the command is on the log, once."""
    world.reads.behind = object()
    page = (await http.get("/console/studio/new")).text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    answer = await http.post("/console/studio/new", data={"title": "Tides", "csrf_token": token})
    assert answer.headers["location"] == "/console/studio?done=studio_on_its_way"
    assert len(world.publisher.sent) == 1


async def test_what_is_not_decided_in_time_is_not_said_to_be_done(world, http):
    """A change that was accepted, and may still be decided against, is on its way."""
    project = world.projects.add()
    await world.key_ring.create("acme", project)
    page = (await http.get(f"/console/studio/projects/{project}/edit")).text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    world.reads.behind = object()
    for action, fields in (("edit", {"title": "Tides"}), ("archive", {"archived": "true"}), ("delete", {})):
        answer = await http.post(
            f"/console/studio/projects/{project}/{action}", data={"csrf_token": token, "revision": "1", **fields}
        )
        assert answer.headers["location"].endswith("?done=studio_on_its_way")


async def test_a_title_that_is_none_is_told_so(world, http):
    """Nothing is begun by it."""
    page = (await http.get("/console/studio/new")).text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    answer = await http.post("/console/studio/new", data={"title": "  ", "csrf_token": token})
    assert answer.status_code == 422
    assert "Correct what is named" in answer.text
    assert not world.publisher.sent


def begun(world, **said):
    """A project with one episode."""
    project, episode = world.projects.add(documents=1), uuid4()
    about = {"title": "Leave", "brief": "", "revision": 1, "archived": False, "place": 0, "script": None, "number": 0}
    made = {"created_by": "key:mine", "created_at": NOW, "updated_at": NOW}
    world.projects.of_episodes["acme", project][episode] = Episode(
        project_id=project, episode_id=episode, **{**about, **made, **said}
    )
    return project, episode


async def draft_page(world, http, **said):
    """The page of a draft of which a test says something."""
    project, episode = begun(world)
    draft = world.scripts.add(project_id=project, episode_id=episode, **said)
    return await http.get(f"/console/studio/projects/{project}/episodes/{episode}/drafts/{draft}")


async def test_a_draft_on_its_way_is_followed_and_can_be_stopped(world, http):
    """By the stream of its text; its page has none yet."""
    page = (await draft_page(world, http, state="prompted", text=None)).text
    assert 'data-draft-stream="/v1/drafts/' in page
    assert "/cancel" in page
    assert "/edit" not in page


async def test_an_erased_draft_is_shown_as_one(world, http):
    """With what is known of it, and nothing that could be done with it."""
    page = (await draft_page(world, http, state="erased", text=None, model="toy", provider="openai")).text
    assert "This draft was erased" in page
    assert "toy" in page
    for deed in ("/commit", "/edit", "/export", "/discard"):
        assert f'{deed}"' not in page


@pytest.mark.parametrize(
    ("state", "code", "said"),
    [
        ("refused", "nothing_found", "The documents say too little"),
        ("failed", "provider_auth", "did not accept the key"),
        ("failed", "new_here", "new_here"),
        ("cancelled", None, "Its writing was stopped"),
    ],
)
async def test_what_came_to_nothing_says_why(world, http, state, code, said):
    """In words where there are some, else by its code."""
    page = (await draft_page(world, http, state=state, code=code, text=None)).text
    assert said in page
    assert "Write another draft" in page


async def test_a_text_is_shown_as_text(world, http):
    """Whatever a model, or a person, has written into it."""
    page = (await draft_page(world, http, text="# <script>alert(1)</script>\n\n**<b>bold</b>** [1]")).text
    assert "<script>alert" not in page
    assert "<b>" not in page
    assert "<strong>&lt;b&gt;bold&lt;/b&gt;</strong>" in page


async def test_a_draft_belongs_to_its_episode(world, http):
    """At the address of another one it is not there."""
    project, episode = begun(world)
    draft = world.scripts.add(project_id=project, episode_id=uuid4())
    answer = await http.get(f"/console/studio/projects/{project}/episodes/{episode}/drafts/{draft}")
    assert answer.status_code == 404


async def test_an_archived_project_offers_no_change(world, http):
    """But how to take it up again."""
    project = world.projects.add(archived=True)
    page = (await http.get(f"/console/studio/projects/{project}")).text
    assert "This project is archived" in page
    assert "Take up again" in page
    assert f"/projects/{project}/edit" not in page


async def test_the_form_says_what_a_draft_may_cost(world):
    """The most of it for each length, where a price is set; without a model, that the draft will be an extract."""
    project, episode = begun(world)
    world.add_document()
    terms = WriterTerms("toy-large", Prices(Decimal(3), Decimal(15)), 10_000)
    priced = create_app(replace(world.dependencies(), settings=ApiSettings(writer=terms)))
    pages = []
    for app in (world.app, priced):
        async with browser(app) as client:
            await client.post("/console/sign-in", data={"key": "mine"})
            pages.append((await client.get(f"/console/studio/projects/{project}/episodes/{episode}")).text)
    assert "No language model is set up" in pages[0]
    assert "at most" not in pages[0]
    assert "Written by toy-large." in pages[1]
    assert "Medium: 3 pages · at most $0.06" in pages[1]
