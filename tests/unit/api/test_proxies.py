"""Where a request comes from, with a proxy before the API: what somebody says of it counts only from a trusted peer."""

import pytest
from httpx2 import ASGITransport, AsyncClient
from support.signed_in import ORIGIN

from muniment.infra.serving import behind

PROXY, INNER, STRANGER = "10.1.2.3", "192.168.0.7", "203.0.113.9"
TRUSTED = ("10.0.0.0/8", INNER, "fd00::/8")
FROM = "X-Forwarded-For"


def caller(world, peer: str, *proxies: str) -> AsyncClient:
    """A client whose connection comes from that address."""
    transport = ASGITransport(behind(world.app, proxies), client=(peer, 4711))
    return AsyncClient(transport=transport, base_url=ORIGIN, headers={"Sec-Fetch-Site": "same-origin"})


@pytest.mark.parametrize(
    ("peer", "proxies", "said", "network"),
    [
        (STRANGER, (), ["198.51.100.4"], "203.0.113.0/24"),
        ("127.0.0.1", (), ["198.51.100.4"], "127.0.0.1"),
        (STRANGER, TRUSTED, ["198.51.100.4"], "203.0.113.0/24"),
        (PROXY, TRUSTED, ["198.51.100.4"], "198.51.100.0/24"),
        (PROXY, TRUSTED, ["192.0.2.66, 198.51.100.4"], "198.51.100.0/24"),
        (PROXY, TRUSTED, ["192.0.2.66", f"198.51.100.4, {INNER}"], "198.51.100.0/24"),
        (PROXY, TRUSTED, [f"{INNER}, 198.51.100.4, 10.9.9.9"], "198.51.100.0/24"),
        ("fd00::1", TRUSTED, ["2001:db8:1:2::3"], "2001:db8:1::/48"),
        (PROXY, TRUSTED, [], "10.1.2.0/24"),
        (PROXY, TRUSTED, ["198.51.100.4, nonsense"], ""),
    ],
)
async def test_the_trail_says_from_where_a_request_came(world, peer, proxies, said, network):
    """The peer's own address, unless a trusted one says whom it heard: then the last hop that is not trusted."""
    document_id = world.add_document()
    async with caller(world, peer, *proxies) as http:
        headers = [*world.mine.items(), *((FROM, one) for one in said)]
        assert (await http.get(f"/v1/documents/{document_id}", headers=headers)).status_code == 200
    [entry] = world.trail.entries()
    assert entry.network == network


@pytest.mark.parametrize(("proxies", "last"), [((), 429), (TRUSTED, 401)], ids=["nobody trusted", "proxy trusted"])
async def test_wrong_keys_are_counted_against_whoever_tries_them(world, proxies, last):
    """A made-up address frees nobody from the count of their own; behind a trusted proxy each caller has one."""
    async with caller(world, PROXY, *proxies) as http:
        answers = [
            await http.post("/console/sign-in", data={"key": "wrong"}, headers={FROM: f"198.51.{number}.1"})
            for number in range(11)
        ]
    assert [answer.status_code for answer in answers] == [401] * 10 + [last]


@pytest.mark.parametrize(("proxies", "told"), [((), False), (TRUSTED, True)], ids=["nobody trusted", "proxy trusted"])
async def test_only_a_trusted_proxy_says_that_a_request_came_by_https(world, proxies, told):
    """Otherwise a plain request would be told to come by https from now on."""
    async with caller(world, PROXY, *proxies) as http:
        answer = await http.get("/health/liveness", headers={"X-Forwarded-Proto": "https"})
    assert ("strict-transport-security" in answer.headers) == told
