"""`muniment projections`: what is shown of the process's answer, and what is said without one."""

import json

import httpx2
import pytest
from typer.testing import CliRunner

from muniment.infra.cli.main import make_app

PARTS = {
    "documents": {"running": True, "state": "running", "schema": "documents_v1", "lag": 3, "applied": 9, "parked": 0},
    "jobs": {"running": False},
}


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run a command against a process that answers as told."""

    def invoke(*words, answer):
        def get(url, **how):
            return answer(httpx2.Request("GET", url))

        monkeypatch.setattr(httpx2, "get", get)
        monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path))
        monkeypatch.setenv("MUNIMENT_PROJECTIONS_PORT", "4711")
        return CliRunner().invoke(make_app(), ["projections", *words])

    return invoke


def well(request):
    return httpx2.Response(200, json={"parts": PARTS}, request=request)


def test_each_projection_is_a_row(run):
    """One that does not run yet is there, too, with nothing to say."""
    done = run("list", answer=well)
    assert done.exit_code == 0
    assert "documents_v1" in done.stdout
    assert "None" not in done.stdout
    assert json.loads(run("list", "--json", answer=well).stdout) == PARTS


def refused(request):
    raise httpx2.ConnectError("refused", request=request)


def foreign(request):
    return httpx2.Response(200, text="<html>", request=request)


@pytest.mark.parametrize("answer", [refused, foreign])
def test_no_answer_is_told_on_stderr(run, answer):
    """With where it was looked for and what to do; stdout stays for JSON."""
    done = run("list", "--json", answer=answer)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "http://127.0.0.1:4711/health" in done.stderr
    assert "muniment doctor" in done.stderr


def test_an_unknown_projection_names_those_there_are():
    """A wrong call, exit code 2."""
    done = CliRunner().invoke(make_app(), ["replay", "nope"])
    assert done.exit_code == 2
    assert "dead_letters" in done.output
