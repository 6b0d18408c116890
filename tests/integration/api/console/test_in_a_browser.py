"""What only a browser shows, with the parts of the API's tests: a provider's sign-in, and very long lists of a form."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx2
import pytest
from pages import Pages
from playwright.sync_api import Browser, Route, expect
from served_api import Served
from support import own_loop
from support.browser import chromium
from support.browser import served as on_a_port
from support.console import Desk, desk
from support.oidc_provider import IdentityProvider
from support.until import until

from muniment.api.oidc.provider import Provider
from muniment.api.oidc.settings import OidcSettings, parse_roles

WAIT_MS = 60_000
MANY = 10_000
_DOCUMENTS = """insert into {documents}.documents (tenant, document_id, status, active_version, latest_version,
    deleted_up_to, title, file_name, media_type, size_bytes, created_at, updated_at)
select 'umbrella', ('00000000-0000-0000-0002-' || lpad(n::text, 12, '0'))::uuid, 'indexed', 1, 1, 0, 'Paper ' || n,
    'paper-' || n || '.md', 'text/markdown', n, now() - n * interval '1 minute', now() from generate_series(1, $1) n"""
_MEMBERS = """insert into {projects}.members (tenant, project_id, document_id, added_at, from_at, from_place)
select 'umbrella', $2, ('00000000-0000-0000-0002-' || lpad(n::text, 12, '0'))::uuid, now(), now(), 'x'
from generate_series(1, $1) n"""
_COUNT = "update {projects}.projects set documents = $1 where project_id = $2"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the file: it keeps a loop running in this thread."""
    with chromium() as found:
        yield found


@pytest.fixture
def people(served: Served) -> Iterator[IdentityProvider]:
    """A provider on another site than the console, at which its people can sign in meanwhile."""
    provider = IdentityProvider()
    with on_a_port(provider.app) as address:
        # Another site as browsers see it, though the same machine: `localhost` beside `127.0.0.1`.
        provider.issuer = f"http://localhost:{urlsplit(address).port}"
        settings = OidcSettings(
            provider.issuer, "muniment", "its secret", roles=parse_roles("staff=editor"), name="Staff", tenant="acme"
        )
        state = served.app.state
        before = state.dependencies
        state.dependencies = replace(before, oidc=Provider(settings, httpx2.AsyncClient(timeout=60, trust_env=False)))
        try:
            yield provider
        finally:
            state.dependencies = before


@pytest.fixture
def stranger(served: Served, browser: Browser, people: IdentityProvider) -> Iterator[Desk]:
    """Somebody who is not signed in; that they go to the provider is no surprise."""
    with desk(browser, served.url) as made:
        yield made
        made.asked = [address for address in made.asked if not address.startswith(people.issuer)]


def test_somebody_signs_in_at_their_provider(stranger: Desk, people: IdentityProvider) -> None:
    """From the page they wanted to the provider, and back to that page, in a session that lasts until signed out."""
    page = stranger.page
    stranger.go("/library/search?q=leave")
    assert stranger.violations() == []
    page.get_by_role("link", name="Continue with Staff").click()
    expect(page.locator("#q")).to_have_value("leave")
    assert any(address.startswith(f"{people.issuer}/authorize?") for address in stranger.asked)
    page.get_by_label("Account and appearance").click()
    expect(page.locator("details.menu")).to_contain_text("Kim Minji")
    stranger.go("/studio")
    expect(page.get_by_role("link", name="New project").first).to_be_visible()
    page.get_by_label("Account and appearance").click()
    page.get_by_role("button", name="Sign out").click()
    stranger.go("/library")
    expect(page.get_by_role("link", name="Continue with Staff")).to_be_visible()


def test_an_answer_that_was_not_asked_for_lets_nobody_in(
    stranger: Desk, people: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A code with another state, as somebody else's page may send it, begins no session; a new beginning does."""
    page, agree, caught = stranger.page, people.agree, []

    def forged(address: str) -> str:
        back = agree(address)
        state = parse_qs(urlsplit(back).query)["state"][0]
        caught.append(state)
        return back.replace(state, "x" + state[1:])

    monkeypatch.setattr(people, "agree", forged)
    stranger.go("/library")
    page.get_by_role("link", name="Continue with Staff").click()
    expect(page.get_by_role("alert")).to_contain_text("begin again")
    assert len(caught[0]) > 30
    assert stranger.violations() == []
    stranger.go("/library")
    expect(page.locator("#key")).to_be_visible()
    monkeypatch.undo()
    page.get_by_role("link", name="Continue with Staff").click()
    expect(page.get_by_role("heading", level=1, name="Documents")).to_be_visible()


def test_somebody_without_a_role_is_told_so(stranger: Desk, people: IdentityProvider) -> None:
    """In words, with the way to sign in otherwise."""
    people.claims = {"sub": "u-2", "name": "A guest", "groups": ["visitors"]}
    stranger.go("/library")
    stranger.page.get_by_role("link", name="Continue with Staff").click()
    expect(stranger.page.get_by_role("alert")).to_contain_text("no role here")
    expect(stranger.page.locator("#key")).to_be_visible()


@pytest.fixture(scope="module")
def large(served: Served, module_database_url: str) -> str:
    """The address of an episode in a project of ten thousand documents."""
    with Pages(served, served.theirs) as me:
        made = me.send(me.get("/studio/new"), "/studio/new", title="Everything").url.path.removeprefix("/console")
        new = f"{made}/episodes/new"
        episode = me.send(me.get(new), new, title="All of it").url.path

    async def fill() -> None:
        connection = await asyncpg.connect(module_database_url)
        live = dict(await connection.fetch("select projection, schema from read.live"))
        project = made.rsplit("/", 1)[-1]
        for sql, given in ((_DOCUMENTS, [MANY]), (_MEMBERS, [MANY, project]), (_COUNT, [MANY, project])):
            await connection.execute(sql.format(documents=live["documents"], projects=live["projects"]), *given)
        await connection.close()

    own_loop.run(fill())
    return episode.removeprefix("/console")


def test_a_draft_can_keep_to_any_of_ten_thousand_documents(served: Served, browser: Browser, large: str) -> None:
    """Found by name, a page at a time; what is ticked stays while others are looked for, and is what is asked for."""
    with desk(browser, served.url) as made:
        made.sign_in(served.theirs)
        made.go(large)
        page = made.page
        page.locator("summary", has_text="Only from some").click()
        offered = page.locator("#only-found input")
        expect(offered).to_have_count(50)
        page.get_by_role("button", name="Show more").click()
        expect(offered).to_have_count(100)
        expect(offered.nth(50)).to_be_focused()
        page.get_by_label("Paper 99", exact=True).check()
        find = page.get_by_label("Title or file name")
        find.fill("Paper 9876")
        expect(offered).to_have_count(1)
        page.get_by_label("Paper 9876", exact=True).check()
        expect(page.get_by_label("Paper 9876", exact=True)).to_be_focused()
        expect(page.locator("[data-only-chosen] label")).to_have_text(["Paper 9876", "Paper 99"])
        expect(page.locator("[data-only-count]")).to_have_text("(2 chosen)")
        find.fill("no such paper")
        expect(page.locator("#only-found")).to_have_text("No document matches")
        assert made.violations() == []
        find.fill("Paper 99")
        expect(page.locator("#only-found label").first).to_be_visible()
        expect(page.locator("#only-found").get_by_label("Paper 99", exact=True)).to_have_count(0)
        page.get_by_label("Paper 99", exact=True).uncheck()
        page.get_by_label("Brief").fill("What paper 9876 says")
        with page.expect_request("**/generate") as asked:
            page.get_by_role("button", name="Write draft").click()
        sent = asked.value.post_data or ""
        assert [part for part in sent.split("&") if part.startswith("only=")] == [
            "only=00000000-0000-0000-0002-000000009876"
        ]


def test_what_was_typed_last_is_what_is_found(served: Served, browser: Browser, large: str) -> None:
    """However late the answers to what was typed before come; and looking goes on after that."""
    held: list[Route] = []
    with desk(browser, served.url) as made:
        made.sign_in(served.theirs)
        made.go(large)
        page = made.page
        page.locator("summary", has_text="Only from some").click()
        find, offered = page.get_by_label("Title or file name"), page.locator("#only-found label")
        for early in ("Paper 12", "Paper 123"):
            asked = f"**/*q={early.replace(' ', '+')}"
            page.route(asked, lambda route: held.append(route))  # noqa: PLW0108 - it marks what it calls
            with page.expect_request(asked, timeout=WAIT_MS):
                find.fill(early)
        find.fill("Paper 9876")
        expect(offered).to_have_text(["Paper 9876"], timeout=WAIT_MS)
        for one in held:
            one.continue_()
        find.fill("Paper 6789")
        expect(offered).to_have_text(["Paper 6789"], timeout=WAIT_MS)


def test_the_slider_shows_where_it_stands(served: Served, browser: Browser) -> None:
    """Not where it stood before, though that was asked for first and is answered last."""
    with served.client() as api:
        made = api.post("/v1/projects", json={"title": "Before"})
        project = f"/v1/projects/{made.json()['project_id']}"
        made = api.patch(project, json={"title": "After"})
        token = {"Muniment-Position": made.headers["Muniment-Position"]}
        assert api.get(f"{project}/history", params={"wait": 30}, headers=token).status_code == 200
        # The history has the command: what it led to may be folded a moment later.
        until("it was renamed", lambda: "ProjectUpdated" in api.get(f"{project}/history").text)
    held: list[Route] = []
    with desk(browser, served.url) as somebody:
        somebody.sign_in(served.mine)
        somebody.go(f"/audit/projects/{made.json()['project_id']}")
        page = somebody.page
        slider, then = page.locator("[data-slider]"), page.locator("#then dd").first
        expect(then).to_have_text("After")
        last = slider.get_attribute("max") or ""
        page.route(f"**/then?stop={last}", lambda route: held.append(route))  # noqa: PLW0108 - it marks what it calls
        with page.expect_request("**/then?stop=0"):
            slider.fill("0")
        with page.expect_request(f"**/then?stop={last}", timeout=WAIT_MS):
            slider.fill(last)
        slider.fill("1")
        expect(then).to_have_text("Before", timeout=WAIT_MS)
        for one in held:
            one.continue_()
        page.unroute(f"**/then?stop={last}")
        slider.fill(last)
        expect(then).to_have_text("After", timeout=WAIT_MS)
