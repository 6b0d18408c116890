"""A home of its own for one run."""

import subprocess

import pytest

from muniment.infra.stack import scratch


@pytest.fixture
def installed(tmp_path):
    """What set-up leaves."""
    folder = tmp_path / "installed"
    for name in scratch.DOWNLOADS:
        (folder / name).mkdir(parents=True)
        (folder / name / "file").write_text(name)
    return folder


def test_a_home_is_empty_but_for_the_downloads(tmp_path, installed):
    """Which it shares; what lay there before is gone, and what it links to is not."""
    home = scratch.make(tmp_path / "home", installed)
    (home / "blobs").mkdir()
    (home / "blobs" / "one").touch()
    assert scratch.make(tmp_path / "home", installed) == home
    assert {file.name for file in home.iterdir()} == {"kafka", "models"}
    for name in scratch.DOWNLOADS:
        assert (home / name / "file").read_text() == name
        assert (installed / name / "file").exists()


def test_a_stack_that_ran_there_is_ended_first(tmp_path, installed, monkeypatch):
    """Before anything of its files is removed."""
    home = tmp_path / "home"
    (home / "run").mkdir(parents=True)
    seen = []
    monkeypatch.setattr(scratch, "muniment", lambda *words, **_: seen.append((words, (home / "run").exists())))
    scratch.make(home, installed)
    assert seen == [((home, "down"), True)]


def test_the_callers_settings_do_not_leak_in(tmp_path, monkeypatch):
    """Only those of the run count: a demo must not write to somebody's cluster."""
    monkeypatch.setenv("MUNIMENT_KAFKA_BOOTSTRAP", "elsewhere:9092")
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    found = scratch.environment(tmp_path, MUNIMENT_PARTITIONS="3")
    ours = {name: value for name, value in found.items() if name.startswith(("MUNIMENT_", "OPENAI_"))}
    # The mark by which what a stack leaves behind is found.
    assert ours.pop("MUNIMENT_STACK_HOME") == str(tmp_path)
    assert ours == {"MUNIMENT_HOME": str(tmp_path), "MUNIMENT_PARTITIONS": "3"}


def test_a_command_runs_on_that_home(tmp_path):
    """And its failure is an exception unless it is asked for."""
    assert scratch.muniment(tmp_path, "down", capture=True).stdout.strip() == f"nothing runs in {tmp_path}"
    assert scratch.muniment(tmp_path, "jobs", capture=True, check=False).returncode == 1
    with pytest.raises(subprocess.CalledProcessError):
        scratch.muniment(tmp_path, "jobs", capture=True)
