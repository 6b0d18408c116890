"""Which consumer groups are asked about."""

from muniment.infra.group_lag import groups_of
from muniment.schemas.topics import STEP_NAMES
from muniment.stream_apps.hosting.settings import HostSettings

HOSTS = HostSettings("", together=(("deciding", "indexing"),), lanes=("normal", "bulk"))


def test_every_step_is_in_a_group_of_each_lane():
    """Those that read together share one in the normal lane; beside it, each has its own; the mover has one for all."""
    groups = groups_of(HOSTS)
    for lane in HOSTS.lanes:
        told = [step for steps, of in groups.values() if of == lane for step in steps]
        assert sorted(told) == sorted(STEP_NAMES), lane
    assert groups["muniment.deciding"] == (("deciding", "indexing"), "normal")
    assert groups["muniment.indexing.bulk"] == (("indexing",), "bulk")
    assert "muniment.indexing" not in groups
    assert groups["muniment.retrying"] == (("retrying",), "")
