"""`muniment projects` against a real API: what a person types, and what is said then."""

import json
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog
import typer
from served_api import Served
from typer.testing import CliRunner

from muniment.infra.cli import projects


@pytest.fixture
def say(served: Served, monkeypatch: pytest.MonkeyPatch):
    """Run a command; its output, or its exit code and output when it fails."""
    monkeypatch.setenv("MUNIMENT_API_URL", served.url)
    monkeypatch.setenv("MUNIMENT_API_KEY", served.mine)
    monkeypatch.setenv("COLUMNS", "140")
    # Typer makes all commands that it knows anew for each call: of these alone that is soon done.
    runner, app = CliRunner(), typer.Typer()
    projects.register(app)
    # The API runs in this process, beside the command: its lines are to come to another place than what that says.
    before = structlog.get_config()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.__stderr__))

    def run(*words: str, fails: bool = False) -> str:
        done = runner.invoke(app, ["projects", *words])
        assert (done.exit_code != 0) == fails, done.output
        return done.output.strip()

    yield run
    structlog.configure(**before)


def test_a_project_from_its_beginning_to_its_end(say: Any):
    """Begin it, give it episodes and an order, look at it, put it away, delete it; and look at it as it was."""
    project = say("create", "The tides", "--description", "Six episodes")
    first = say("episodes", "create", project, "One")
    second = say("episodes", "create", project, "Two", "--brief", "the moon")
    assert say("episodes", "move", project, second, "0") == "at 0, revision 2"
    shown = say("show", project)
    assert shown.index("Two") < shown.index("One")
    assert "The tides" in say("list", "--text", "tides")
    then = datetime.now(UTC).isoformat()
    assert "changed, revision 2" in say("update", project, "--title", "Tides and moons", "--if-revision", "1")
    late = say("update", project, "--title", "a", "--if-revision", "1", fails=True)
    assert "revision 2 by now" in late
    assert "do: Read it again" in late
    assert say("archive", project) == "archived, revision 3"
    assert "archived" in say("episodes", "create", project, "Three", fails=True)
    assert say("restore", project) == "restored, revision 4"
    assert "not_empty" in say("delete", project, fails=True)
    assert say("episodes", "delete", project, first) == "deleted"
    assert [e["title"] for e in json.loads(say("episodes", "list", project, "--json"))["items"]] == ["Two"]
    assert say("delete", project, "--cascade", "--yes") == "deleted"
    assert "not_found" in say("show", project, fails=True)
    shown = say("show", project, "--as-of", then)
    assert "The tides" in shown
    assert shown.index("Two") < shown.index("One")
    assert project in say("list", "--text", "tides", "--as-of", then)
    before = json.loads(say("episodes", "list", project, "--as-of", then, "--json"))["items"]
    assert [e["title"] for e in before] == ["Two", "One"]
    assert json.loads(say("episodes", "show", project, first, "--as-of", then, "--json")) == before[1]
    assert "no such projects" in say("list", "--as-of", "2020-01-01T00:00:00Z")


def test_documents_go_in_and_out(say: Any, served: Served):
    """The command says how many the project has then."""
    with served.client() as http:
        taken = http.post("/v1/documents", json={"text": "The moon pulls."})
        document, token = taken.json()["document_id"], taken.headers["muniment-position"]
        shown = http.get(f"/v1/documents/{document}", headers={"Muniment-Position": token})
        assert shown.status_code == 200, shown.text
    project = say("create", "Moons")
    assert say("add-documents", project, document) == "1 document in it"
    assert project in say("list", "--document", document)
    assert say("remove-documents", project, document) == "0 documents in it"
