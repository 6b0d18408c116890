"""What an entry says of addresses, programs and words."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.api.auditing import marks

ADDRESSES = st.ip_addresses().filter(lambda a: not a.is_loopback and not getattr(a, "ipv4_mapped", None))


@given(ADDRESSES)
def test_a_network_holds_many_addresses(address):
    """The one that asked, and 255 others or more."""
    found = ip_network(marks.network(str(address)))
    assert address in found
    assert found.num_addresses >= 256


@pytest.mark.parametrize(
    ("given_", "network", "plain"),
    [
        ("203.0.113.7", "203.0.113.0/24", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.0/24", "203.0.113.7"),
        ("2001:DB8:1:2::7", "2001:db8:1::/48", "2001:db8:1:2::7"),
        ("fe80::1%eth0", "fe80::/48", "fe80::1"),
        ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
        ("::1", "::1", "::1"),
        ("testclient", "", ""),
        ("", "", ""),
    ],
)
def test_every_spelling_of_an_address_is_one(given_, network, plain):
    """An IPv4 address in IPv6 is itself; what is no address is nothing."""
    assert (marks.network(given_), marks.plain_address(given_)) == (network, plain)


@given(st.text(), st.text(), st.binary(min_size=16), st.binary(min_size=16))
def test_a_mark_is_of_one_text_purpose_and_tenant(one, other, mine, theirs):
    """Equal exactly where the trimmed texts are equal as composed, and only under the same secret and purpose."""
    same = marks.mark(mine, marks.QUERY, one) == marks.mark(mine, marks.QUERY, f" {one}\n")
    assert same
    assert marks.mark(mine, marks.QUERY, one) != marks.mark(mine, marks.ADDRESS, one)
    assert (marks.mark(mine, marks.QUERY, one) == marks.mark(theirs, marks.QUERY, one)) == (mine == theirs)
    assert len(marks.mark(mine, marks.QUERY, other)) == 64


def test_composed_and_decomposed_text_have_one_mark():
    """As two keyboards write the same Korean word."""
    assert marks.mark(b"k", marks.QUERY, "\ud55c") == marks.mark(b"k", marks.QUERY, "\u1112\u1161\u11ab")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Mozilla/5.0 (X11; Linux) Ann's Laptop", "browser"),
        ("python-httpx2/2.1", "library"),
        ("curl/8.5", "tool"),
        ("muniment", "muniment"),
        ("AcmeBot/1.0 (ann@example.org)", "other"),
        ("  ", "none"),
    ],
)
def test_of_a_program_only_its_class_is_kept(text, kind):
    """What follows the first word can tell a person."""
    assert marks.agent(text) == kind
