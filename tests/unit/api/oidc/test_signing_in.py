"""Signing in at an identity provider: the way there and back, and everything that must not lead in."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from support.oidc_provider import ISSUER, IdentityProvider
from support.signed_in import browser

from muniment.api.app import create_app
from muniment.api.keys import Scope
from muniment.api.oidc.claims import Unknown, person
from muniment.api.oidc.flow import Begun, begin, resumed
from muniment.api.oidc.provider import Provider
from muniment.api.oidc.settings import OidcSettings, parse_roles

SETTINGS = OidcSettings(ISSUER, "muniment", "its secret", roles=parse_roles("staff=editor boss=operator+auditor"))


class Clock:
    """A time that moves when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Starts at nought."""
    return Clock()


@pytest.fixture
def people() -> IdentityProvider:
    """A provider of identities."""
    return IdentityProvider()


@pytest.fixture
async def http(world, people, clock):
    """A browser at a console that sends people to the provider."""
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(people.app)) as client:
        deps = replace(world.dependencies(), oidc=Provider(SETTINGS, client, clock))
        async with browser(create_app(deps)) as made:
            # People come back from another site.
            made.headers["Sec-Fetch-Site"] = "cross-site"
            yield made


async def gone_and_come_back(http, people, next_="/console/library"):
    """Begin, agree at the provider, and come back."""
    sent = await http.get("/console/sign-in/provider", params={"next": next_})
    assert sent.status_code == 303, sent.text
    assert sent.headers["location"].startswith(f"{ISSUER}/authorize?")
    return await http.get(people.agree(sent.headers["location"]))


async def test_somebody_who_is_known_there_is_let_in_here(world, http, people):
    """With the scopes that their groups stand for, under their name, and as a hash on the record."""
    answer = await gone_and_come_back(http, people)
    assert answer.status_code == 200
    assert '<meta http-equiv="refresh" content="0;url=/console/library">' in answer.text
    (session,) = world.sessions.held.values()
    assert (session.tenant, session.name, session.key_id) == ("default", "Kim Minji", None)
    assert session.scopes == {Scope.DOCUMENTS_READ, Scope.DOCUMENTS_WRITE, Scope.SEARCH}
    assert (await http.get("/console/library")).status_code == 200
    [entry] = [e for e in world.trail.entries() if e.action == "session.begin"]
    assert entry.actor == f"person:{session.person}"
    assert "Kim" not in str(entry)
    assert "u-1" not in str(entry)


async def test_the_sign_in_page_offers_it(http):
    """Beside the form for a key, and leading back to where somebody wanted to go."""
    page = (await http.get("/console/sign-in", params={"next": "/console/library?q=a"})).text
    assert "/console/sign-in/provider?next=%2Fconsole%2Flibrary%3Fq%3Da" in page
    assert 'name="key"' in page


async def test_a_token_that_is_not_ours_leads_nowhere(world, http, people):
    """Issuer, audience, nonce, times and subject all have to hold."""
    for people.overrides in (
        {"iss": "https://somebody.else"},
        {"aud": "another client"},
        {"aud": ["muniment", "another"], "azp": "another"},
        {"nonce": "of another question"},
        {"exp": 1_000_000_000},
        {"iat": 9_999_999_999},
        {"sub": None},
    ):
        answer = await gone_and_come_back(http, people)
        assert answer.status_code == 403, people.overrides
        assert "did not let you in" in answer.text
        assert not world.sessions.held


async def test_a_token_signed_by_another_key_leads_nowhere(world, http, people):
    """However well its claims read."""
    await gone_and_come_back(http, people)
    world.sessions.held.clear()
    genuine = people.published
    people.turn_over()
    people._key.dict_value["kid"] = genuine[0].kid
    people.published = genuine
    answer = await gone_and_come_back(http, people)
    assert answer.status_code == 403
    assert not world.sessions.held


async def test_keys_that_turn_over_are_heard_of(http, people, clock):
    """A token by a new key has the keys asked for again, but not without end."""
    assert (await gone_and_come_back(http, people)).status_code == 200
    people.turn_over()
    assert (await gone_and_come_back(http, people)).status_code == 403
    clock.now += 11
    assert (await gone_and_come_back(http, people)).status_code == 200
    assert people.asked.count("keys") == 2


async def test_an_answer_is_worth_something_only_to_the_browser_that_asked(world, http, people):
    """Somebody else's code, a state that was made up, and one that was used up lead nowhere."""
    sent = await http.get("/console/sign-in/provider")
    back = people.agree(sent.headers["location"])
    cookies = dict(http.cookies)
    http.cookies.clear()
    assert (await http.get(back)).status_code == 403
    http.cookies.update(cookies)
    state = parse_qs(urlsplit(back).query)["state"][0]
    assert (await http.get(back.replace(state, "made-up"))).status_code == 403
    http.cookies.update(cookies)
    assert (await http.get(back)).status_code == 200
    http.cookies.update(cookies)
    assert (await http.get(back)).status_code == 403
    assert len(world.sessions.held) == 1


async def test_who_has_no_role_is_told_so(world, http, people):
    """They are somebody, but nobody here."""
    people.claims["groups"] = ["guests"]
    answer = await gone_and_come_back(http, people)
    assert answer.status_code == 403
    assert "has no role here" in answer.text
    assert not world.sessions.held


async def test_a_provider_that_is_away_is_said_to_be(http, people):
    """A page with what to do, and no way in."""
    people.away = True
    answer = await http.get("/console/sign-in/provider")
    assert answer.status_code == 503
    assert "Sign-in is away" in answer.text


async def test_who_declines_there_is_back_at_the_form(http, people):
    """The provider's own error is an answer like others."""
    sent = await http.get("/console/sign-in/provider")
    state = parse_qs(urlsplit(sent.headers["location"]).query)["state"][0]
    answer = await http.get("/console/sign-in/answer", params={"error": "access_denied", "state": state})
    assert answer.status_code == 403
    assert 'name="key"' in answer.text


async def test_without_a_provider_there_is_no_such_page(world):
    """Nobody is sent anywhere."""
    async with browser(world.app) as http:
        assert (await http.get("/console/sign-in/provider")).status_code == 404


def test_roles_add_up_and_have_to_be_roles():
    """Each value stands for its roles together; a typo is found when the process starts."""
    assert parse_roles("a=viewer  b=operator+auditor")["b"] >= {Scope.OPERATE, Scope.AUDIT, Scope.SEARCH}
    with pytest.raises(ValueError, match="viever"):
        parse_roles("a=viever")
    with pytest.raises(ValueError, match="value=role"):
        parse_roles("everybody")
    with pytest.raises(ValueError, match="openid"):
        replace(SETTINGS, scopes="profile")
    with pytest.raises(ValueError, match="who may do what"):
        replace(SETTINGS, roles={})


def test_the_tenant_can_come_from_a_claim():
    """Only a name that a tenant may have: never the house, never nothing."""
    settings = replace(SETTINGS, tenant_claim="org")
    claims = {"iss": ISSUER, "sub": "u", "groups": "staff"}
    assert person(claims | {"org": "umbrella"}, settings).tenant == "umbrella"
    for wrong in ("", "Umbrella Inc.", ["umbrella"], None, 3):
        with pytest.raises(Unknown):
            person(claims | {"org": wrong}, settings)


def test_equal_subjects_of_two_providers_are_two_people():
    """Only issuer and subject together are somebody."""
    one = person({"iss": ISSUER, "sub": "u", "groups": ["staff"]}, SETTINGS)
    other = person({"iss": "https://other.example", "sub": "u", "groups": ["staff"]}, SETTINGS)
    assert one.person != other.person


def test_what_a_browser_kept_comes_back_or_nothing_does():
    """A cookie that is not ours is none."""
    begun = begin("/console")
    assert resumed(begun.cookie()) == begun
    for wrong in ("", "x", "e30", Begun("", "b", "c", "d").cookie(), begun.cookie()[:-9], "W10"):
        assert resumed(wrong) is None
