"""`muniment topics`, with the broker's part faked: what is printed, and the exit codes."""

import json

import pytest
from typer.testing import CliRunner

from muniment.infra import topics
from muniment.infra.cli.main import make_app
from muniment.schemas.topics import TOPICS

WANTED = topics.Change("a.topic", "create with 12 partitions")
REFUSED = topics.Change("b.topic", "shrink to 3 partitions", refused="records would be lost")


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run a command where the broker would need these changes."""

    def invoke(*words, changes=(), width=80):
        async def plan(address, partitions, *, replication):
            return list(changes)

        async def apply(address, partitions, *, replication):
            return list(changes)

        monkeypatch.setattr(topics, "plan", plan)
        monkeypatch.setattr(topics, "apply", apply)
        monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path))
        monkeypatch.setenv("MUNIMENT_KAFKA_BOOTSTRAP", "127.0.0.1:1")
        monkeypatch.setenv("COLUMNS", str(width))
        return CliRunner().invoke(make_app(), ["topics", *words])

    return invoke


@pytest.mark.parametrize("width", [80, 120])
def test_every_topic_is_listed_by_its_whole_name(run, width):
    """At 80 columns, too."""
    done = run("list", width=width)
    assert done.exit_code == 0
    assert all(topic.name in done.stdout for topic in TOPICS)
    assert "…" not in done.stdout


def test_the_list_as_json_holds_every_declaration(run):
    """With the partitions that a new topic would get."""
    found = json.loads(run("list", "--json").stdout)
    assert [t["name"] for t in found] == [t.name for t in TOPICS]
    assert all(t["partitions"] >= 1 for t in found)


def test_diff_ends_with_1_when_there_is_anything(run):
    """And says what."""
    assert run("diff").exit_code == 0
    assert "as declared" in run("diff").stdout
    done = run("diff", changes=[WANTED, REFUSED])
    assert done.exit_code == 1
    assert "would    a.topic: create with 12 partitions" in done.stdout
    assert "refused  b.topic: shrink to 3 partitions - records would be lost" in done.stdout


def test_apply_ends_with_1_when_something_was_refused(run):
    """What was done is no failure."""
    done = run("apply", changes=[WANTED])
    assert done.exit_code == 0
    assert "done     a.topic" in done.stdout
    assert run("apply", changes=[WANTED, REFUSED]).exit_code == 1


@pytest.mark.parametrize("command", ["diff", "apply"])
def test_json_is_a_list_of_changes(run, command):
    """Also when there are none."""
    assert json.loads(run(command, "--json").stdout) == []
    found = json.loads(run(command, "--json", changes=[REFUSED]).stdout)
    assert found[0]["topic"] == "b.topic"
    assert found[0]["refused"]
