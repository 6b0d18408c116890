"""Where commands find the API and the key to it."""

import os

import psutil
import pytest

from muniment.infra.cli.client import ApiError, find_access
from muniment.infra.stack import record
from muniment.infra.stack.api_key import key_file
from muniment.infra.stack.record import Process, Record, write_private


def stack(home, *, started=None):
    """A record of a stack, by default of one that runs: this process."""
    me = psutil.Process(os.getpid())
    one = Record(Process(os.getpid(), started or me.create_time()), {}, {}, {"api": "http://127.0.0.1:1"}, ("api",))
    record.write(home, one)


def test_the_environment_comes_first(tmp_path):
    """An address that was set goes with the key that was set."""
    found = find_access({"MUNIMENT_API_URL": "http://a/", "MUNIMENT_API_KEY": "k"}, tmp_path)
    assert (found.url, found.key) == ("http://a", "k")
    assert "k'" not in repr(found)


def test_the_stacks_key_goes_to_the_stack_only(tmp_path):
    """A key is never sent to an address that it was not made for."""
    stack(tmp_path)
    write_private(key_file(tmp_path), "stack-key\n")
    assert find_access({}, tmp_path).key == "stack-key"
    with pytest.raises(ApiError, match="MUNIMENT_API_KEY"):
        find_access({"MUNIMENT_API_URL": "http://elsewhere"}, tmp_path)


def test_no_stack_is_told(tmp_path):
    """Without a stack, or with one that died, the error names `muniment up`."""
    with pytest.raises(ApiError) as caught:
        find_access({}, tmp_path)
    assert "muniment up" in caught.value.remedy
    stack(tmp_path, started=1.0)
    with pytest.raises(ApiError, match="no Muniment runs"):
        find_access({}, tmp_path)
