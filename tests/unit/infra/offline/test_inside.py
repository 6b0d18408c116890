"""What makes a replay offline is looked at before it begins."""

import pytest

from muniment.infra.offline.inside import NotOfflineError, proved

BARE = {"PATH": "/bin", "MUNIMENT_HOME": "/tmp/home", "MUNIMENT_KEY_RING": "/tmp/ring.json"}


def test_only_the_loopback_and_the_local_key_ring_pass():
    """The key ring opens what is ours, so it may be there; no exception is the proof."""
    proved(BARE, ["lo"])


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "OPENAI_BASE_URL", "MUNIMENT_API_KEY", "AWS_SECRET_ACCESS_KEY"])
def test_a_key_of_an_outside_service_is_refused(name):
    """By its name; its value is not told."""
    with pytest.raises(NotOfflineError, match=name) as refused:
        proved({**BARE, name: "very-secret"}, ["lo"])
    assert "very-secret" not in str(refused.value)


def test_another_network_is_refused():
    """A second interface leads somewhere, whatever it is called."""
    with pytest.raises(NotOfflineError, match="eth0"):
        proved(BARE, ["lo", "eth0"])
