"""Who gets in, how, and who does not. Driven by the registry of pages, so that a new page is covered by itself."""

import re
from uuid import uuid4

import pytest
from support.signed_in import browser, token_of_forms

from muniment.api.auditing.rules import Audited
from muniment.api.auditing.table import rule_of
from muniment.api.console.app import console
from muniment.api.console.entrance import inside
from muniment.api.console.page import ROOT
from muniment.api.keys import Scope
from muniment.api.signed_in import COOKIE, SECURE_COOKIE

PAGES = [page for page in console().pages.values() if not page.open]


def address(page):
    """The address of a page, with something in each of its places."""
    return ROOT + re.sub(r"\{[^}]+\}", str(uuid4()), page.path)


async def signed_in(world, http, key="mine"):
    """Sign in with a key."""
    answer = await http.post("/console/sign-in", data={"key": key})
    assert answer.status_code == 303, answer.text


async def test_nobody_sees_a_page_without_signing_in(world):
    """A browser is led to the form, and a script is told to go there; neither is shown or does anything."""
    async with browser(world.app) as http:
        for page in PAGES:
            plain = await http.request(page.method, address(page))
            script = await http.request(page.method, address(page), headers={"HX-Request": "true"})
            assert plain.status_code == 303, page.name
            assert plain.headers["location"].startswith("/console/sign-in"), page.name
            assert script.status_code == 401, page.name
            assert script.headers["hx-redirect"].startswith("/console/sign-in"), page.name
    assert not world.publisher.sent


async def test_a_page_wants_the_scope_that_it_names(world):
    """Whoever lacks it is told so by a page, with 403; who has it is not."""
    async with browser(world.app) as without, browser(world.app) as http:
        await signed_in(world, http)
        for scope in {page.scope for page in PAGES if page.scope}:
            world.keys.add("without", "acme", *(other for other in Scope if other not in {scope, Scope.ADMIN}))
            await signed_in(world, without, "without")
            for page in (page for page in PAGES if page.scope is scope):
                refused = await without.request(page.method, address(page), headers=token_of_forms(without))
                let_in = await http.request(page.method, address(page), headers=token_of_forms(http))
                assert refused.status_code == 403, page.name
                assert "You may not see this" in refused.text, page.name
                assert let_in.status_code != 403, page.name
                assert let_in.status_code != 500, page.name


async def test_an_action_wants_its_token_and_its_origin(world):
    """What another site has a browser send changes nothing, nor does a page without the session's token."""
    async with browser(world.app) as http, browser(world.app) as bare:
        await signed_in(world, http)
        token = token_of_forms(http)
        bare.cookies = http.cookies
        bare.headers.pop("Sec-Fetch-Site")
        for page in (page for page in PAGES if page.method != "GET"):
            where = address(page)
            answers = [
                await http.post(where),
                await http.post(where, headers={"X-CSRF-Token": "wrong"}),
                await http.post(where, headers={**token, "Sec-Fetch-Site": "cross-site"}),
                await http.post(where, headers={**token, "Sec-Fetch-Site": "same-site"}),
                await http.post(where, headers={**token, "Origin": "https://elsewhere.example"}),
                await bare.post(where, headers=token),
            ]
            assert [answer.status_code for answer in answers] == [403] * len(answers), page.name
    assert not world.publisher.sent
    assert world.sessions.held


async def test_signing_in_and_out(world):
    """The cookie is out of reach of scripts and other sites, leads in, and is worth nothing after signing out."""
    async with browser(world.app) as http:
        answer = await http.post("/console/sign-in", data={"key": " mine ", "next": "/console/library?q=a"})
        assert answer.headers["location"] == "/console/library?q=a"
        (cookie,) = [c for c in answer.headers.get_list("set-cookie") if COOKIE in c]
        assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
        assert (await http.get("/console/library")).status_code == 200
        token = http.cookies[COOKIE]
        out = await http.post("/console/sign-out", headers=token_of_forms(http))
        assert out.headers["location"] == "/console/sign-in?done=signed_out"
        http.cookies.set(COOKIE, token)
        assert (await http.get("/console/library")).status_code == 303


async def test_by_https_the_cookie_is_for_this_host_alone(world):
    """Where the console is served by https, the cookie has the prefix that binds it there."""
    async with browser(world.app) as http:
        http.base_url = "https://muniment"
        answer = await http.post("/console/sign-in", data={"key": "mine"})
        assert answer.headers["set-cookie"].startswith(SECURE_COOKIE)
        assert "Secure" in answer.headers["set-cookie"]
        assert (await http.get("/console/library")).status_code == 200


async def test_a_wrong_key_says_only_that_it_is_wrong(world):
    """401 with the form again, which does not hold what was typed."""
    async with browser(world.app) as http:
        answer = await http.post("/console/sign-in", data={"key": "mun_wrong"})
    assert answer.status_code == 401
    assert "This key is not valid" in answer.text
    assert "mun_wrong" not in answer.text
    assert not world.sessions.held


async def test_who_tries_too_often_has_to_wait(world):
    """After ten wrong keys in a minute a network has to wait, even with a right one."""
    async with browser(world.app) as http:
        answers = [await http.post("/console/sign-in", data={"key": f"wrong-{n}"}) for n in range(10)]
        last = await http.post("/console/sign-in", data={"key": "mine"})
    assert {answer.status_code for answer in answers} == {401}
    assert last.status_code == 429
    assert 0 < int(last.headers["retry-after"]) <= 60


@pytest.mark.parametrize(
    "path",
    ["https://elsewhere.example", "//elsewhere.example", "/v1/documents", "/console/\\elsewhere", "/console/a//b"],
)
def test_signing_in_leads_nowhere_else(path):
    """Only addresses of the console are gone on to."""
    assert inside(path) == ROOT


async def test_the_api_takes_the_cookie_for_reading_only(world):
    """An EventSource can read by it; nothing can be changed by it, whatever the request says of itself."""
    async with browser(world.app) as http:
        await signed_in(world, http)
        read = await http.get("/v1/whoami")
        changed = await http.post("/v1/documents", json={"text": "a"}, headers=token_of_forms(http))
        searched = await http.post("/v1/search", json={"q": "a"}, headers=token_of_forms(http))
    assert read.json()["tenant"] == "acme"
    assert (changed.status_code, searched.status_code) == (401, 401)
    assert not world.publisher.sent


async def test_the_trail_names_who_came_and_went(world):
    """Signing in, failing to, and signing out are entries, with the key and never its secret."""
    async with browser(world.app) as http:
        await http.post("/console/sign-in", data={"key": "wrong"})
        await signed_in(world, http)
        await http.post("/console/sign-out", headers=token_of_forms(http))
    told = [(e.action, e.actor, str(e.outcome)) for e in world.trail.entries()]
    assert told == [
        ("session.begin", "unknown", "denied"),
        ("session.begin", "key:id-mine", "done"),
        ("session.end", "key:id-mine", "done"),
    ]


def test_every_page_that_changes_something_is_audited():
    """And every page with words of documents on it names them."""
    assert [p.name for p in PAGES if p.method != "GET" and not isinstance(rule_of(p.name), Audited)] == []
