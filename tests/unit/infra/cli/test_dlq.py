"""`muniment dlq`: what an operator reads, and what is asked for on their behalf."""

import json
from typing import Any

import pytest
from support.scripted_api import ScriptedApi

from muniment.infra.cli import dlq_redriving

LETTER = {
    "dead_letter_id": "3-42", "status": "waiting", "document_id": "d", "job_id": "j", "event": "ChunksPrepared",
    "step": "embedding", "code": "provider_rejected", "category": "permanent", "detail": "the endpoint answered 400",
    "attempts": 1, "origin": "muniment.chunks:3:42", "fingerprint": "9c2f6b1d0e7a4835", "program": "0.1.0",
    "trace_id": None, "first_failed_at": "2026-11-22T10:15:30Z", "failed_at": "2026-11-22T10:15:30Z",
    "redrive_times": 0, "redriven_from": None, "redriven_by": None, "failed_as": None, "edits": 0, "actor": None,
    "reason": None, "changed_at": None,
}  # fmt: skip
GROUP = {
    "fingerprint": "9c2f6b1d0e7a4835", "step": "embedding", "code": "provider_rejected", "category": "permanent",
    "detail": "the endpoint answered 400", "letters": 15, "by_status": {"waiting": 12, "redriven": 3},
    "first_seen": "2026-11-22T10:15:30Z", "last_seen": "2026-11-22T10:15:30Z", "sample": "3-42",
    "programs": ["0.1.0"], "gone_since_version": "0.2.0",
}  # fmt: skip
REDRIVE = {
    "redrive_id": "01970f60-11aa-7d02-9a41-3c5e7f902b44", "state": "running", "letters": 12, "redriven": 3,
    "failed": 0, "left": 9, "rate": 5.0, "canary": 1, "selection": {}, "reason": "healed", "actor": "key:a",
    "started_at": "2026-11-22T10:15:30Z", "last_at": None, "ended_at": None, "ended_reason": None,
}  # fmt: skip
PATHS = {verb: ("POST", f"/v1/dead-letters/{verb}") for verb in ("redrive", "discard")}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> ScriptedApi:
    """The API as it answers here; nobody waits between two looks."""
    monkeypatch.setattr(dlq_redriving, "LOOK_S", 0.0)
    return ScriptedApi(monkeypatch)


def found(count: int) -> dict[str, Any]:
    """What a dry run finds."""
    group = {"fingerprint": "9c2f6b1d0e7a4835", "step": "embedding", "code": "provider_rejected", "letters": count}
    return {"letters": count, "groups": [group] if count else [], "sample": []}


def test_without_a_word_the_causes_are_shown(api: ScriptedApi) -> None:
    """How many wait, since which version a cause is gone, and the command that redrives the largest."""
    api.answers["GET", "/v1/dead-letters/groups"] = {"items": [GROUP]}
    told = api.run("dlq")
    assert told.exit_code == 0, told.output
    for part in (
        "9c2f6b1d0e7a4835",
        "provider_rejected",
        "12",
        "0.2.0",
        "muniment dlq redrive --group 9c2f6b1d0e7a4835",
    ):
        assert part in told.stdout
    api.answers["GET", "/v1/dead-letters/groups"] = {"items": []}
    assert api.run("dlq").stdout == "no dead letters\n"


def test_the_list_is_narrowed_as_asked(api: ScriptedApi) -> None:
    """Filters go to the API under its names; a moment has its zone; --json is its answer."""
    api.answers["GET", "/v1/dead-letters"] = {"items": [LETTER], "next_cursor": None}
    words = ("--status", "waiting", "--group", "9c2f", "--from", "2026-11-22T19:00+09:00", "-n", "5")
    told = api.run("dlq", "list", *words)
    assert told.exit_code == 0, told.output
    assert "3-42" in told.stdout
    assert "the endpoint answered 400" in told.stdout
    [(_, _, params, _)] = api.asked
    assert params == {
        "status": "waiting", "fingerprint": "9c2f", "from": "2026-11-22T10:00:00+00:00", "limit": "5",
    }  # fmt: skip
    assert json.loads(api.run("dlq", "list", "--json").stdout)["items"][0]["dead_letter_id"] == "3-42"
    assert api.run("dlq", "list", "--from", "yesterday").exit_code == 2
    assert "has no zone" in api.run("dlq", "list", "--from", "2026-11-22T10:00").output


def test_a_letter_is_shown_with_its_record_when_asked(api: ScriptedApi) -> None:
    """Without --record no text of a document is fetched."""
    api.answers["GET", "/v1/dead-letters/3-42"] = LETTER
    record = {"dead_letter_id": "3-42", "event": "SubmitDocument.v1", "data": {"title": "휴가"}, "redacted": ["blob"]}
    api.answers["GET", "/v1/dead-letters/3-42/record"] = record
    assert "muniment.chunks:3:42" in api.run("dlq", "show", "3-42").stdout
    assert len(api.asked) == 1
    told = api.run("dlq", "show", "3-42", "--record").stdout
    assert '"title": "휴가"' in told
    assert "erased: blob" in told


@pytest.mark.parametrize("verb", ["redrive", "discard"])
def test_a_dry_run_only_looks(api: ScriptedApi, verb: str) -> None:
    """It shows what would be touched, and nothing is commanded."""
    api.answers[PATHS[verb]] = found(12)
    told = api.run("dlq", verb, "--code", "provider_rejected", "--reason", "healed", "--dry-run")
    assert told.exit_code == 0, told.output
    assert f"12 dead letters to {verb}" in told.stdout
    assert [params for _, _, params, _ in api.asked] == [{"dry_run": "true"}]


def test_what_a_redrive_leaves_out_is_told_of(api: ScriptedApi) -> None:
    """Each model that nobody embeds with has its line, with what to do; with nothing else, nothing is done."""
    left = {"model": "next#8", "state": "paused", "letters": 3, "what_to_do": "`muniment embeddings resume` first"}
    api.answers[PATHS["redrive"]] = found(12) | {"left_out": [left]}
    line = "left out: 3 letters of next#8, which is paused: `muniment embeddings resume` first\n"
    told = api.run("dlq", "redrive", "--all", "--reason", "healed", "--dry-run").stdout
    assert "12 dead letters to redrive" in told
    assert told.endswith(line)
    api.answers[PATHS["redrive"]] = found(0) | {"left_out": [left], "groups": []}
    nothing = api.run("dlq", "redrive", "--all", "--reason", "healed")
    assert nothing.exit_code == 1
    assert nothing.stderr == f"no dead letter to redrive: nobody would take them up\n{line}"


def test_causes_that_are_not_shown_are_told_of(api: ScriptedApi) -> None:
    """Of many causes the API names some: the others' letters are in the count, and the lines say so."""
    api.answers[PATHS["redrive"]] = found(12) | {"letters": 17}
    told = api.run("dlq", "redrive", "--all", "--reason", "healed", "--dry-run")
    assert "17 dead letters to redrive" in told.stdout
    assert told.stdout.endswith("and 5 of other causes, which are not shown\n")
    api.answers[PATHS["redrive"]] = found(12)
    assert "other causes" not in api.run("dlq", "redrive", "--all", "--reason", "healed", "--dry-run").stdout


def test_a_redrive_is_watched_to_its_end(api: ScriptedApi) -> None:
    """Look, command, decision, progress; the last line says what came of it, exit code 0 says that all is well."""
    taken = api.decides(redrive_id=REDRIVE["redrive_id"])
    api.answers[PATHS["redrive"]] = lambda r: found(12) if "dry_run" in r.url.params else (202, taken)
    ended = REDRIVE | {"state": "done", "redriven": 12, "left": 0}
    api.answers["GET", f"/v1/redrives/{REDRIVE['redrive_id']}"] = [(404, {"code": "not_found"}), REDRIVE, ended]
    told = api.run("dlq", "redrive", "--group", "9c2f", "-r", "healed", "--rate", "2", "--canary", "3")
    assert told.exit_code == 0, told.output
    assert told.stdout.endswith("done: 12 of 12 redriven\n")
    sent = api.bodies(*PATHS["redrive"])[-1]
    assert sent == {
        "selection": {"fingerprint": "9c2f"}, "reason": "healed", "rate": 2.0, "canary": 3, "force": False,
        "confirmed": 12,
    }  # fmt: skip


def test_a_redrive_that_never_was_is_not_watched(api: ScriptedApi) -> None:
    """An id that was mistyped ends the watch at once, with what to do."""
    told = api.run("dlq", "redrives", REDRIVE["redrive_id"], "--watch")
    assert told.exit_code == 1
    assert f"there is no redrive {REDRIVE['redrive_id']}" in told.stderr
    assert "`muniment dlq redrives` lists them" in told.stderr
    assert len(api.asked) == 1


def test_a_redrive_that_is_not_heard_of_is_not_watched_for_ever(api: ScriptedApi) -> None:
    """One that was begun may take a moment to be seen; past that the projections do not run, and the end says so."""
    taken = api.decides(redrive_id=REDRIVE["redrive_id"])
    api.answers[PATHS["redrive"]] = lambda r: found(12) if "dry_run" in r.url.params else (202, taken)
    told = api.run("dlq", "redrive", "--group", "9c2f", "-r", "healed")
    assert told.exit_code == 1
    assert "is on the record, and nothing can be read of it yet" in told.stderr
    assert "muniment doctor" in told.stderr


@pytest.mark.parametrize(
    ("end", "line"),
    [
        ({"state": "canary_failed", "redriven": 1, "failed": 1, "left": 11}, "the canary failed"),
        ({"state": "done", "redriven": 12, "failed": 2, "left": 0}, "done: 12 of 12 redriven, 2 failed again"),
        ({"state": "stopped", "redriven": 4, "left": 8, "ended_reason": "enough"}, "stopped (enough)"),
    ],
)
def test_an_end_that_is_not_well_has_its_own_exit_code(api: ScriptedApi, end: dict[str, Any], line: str) -> None:
    """A script can tell a redrive that failed again from one that was never begun."""
    taken = api.decides(redrive_id=REDRIVE["redrive_id"])
    api.answers[PATHS["redrive"]] = lambda r: found(12) if "dry_run" in r.url.params else (202, taken)
    api.answers["GET", f"/v1/redrives/{REDRIVE['redrive_id']}"] = REDRIVE | end
    told = api.run("dlq", "redrive", "3-42", "--reason", "healed")
    assert told.exit_code == 3
    assert line in told.stdout


def test_many_letters_want_a_word(api: ScriptedApi) -> None:
    """Over a hundred, with nobody to ask, nothing is commanded and the message says how to go on; --yes is the word."""
    taken = api.decides(events=[{"details": {"letters": 150}}])
    api.answers[PATHS["discard"]] = lambda r: found(150) if "dry_run" in r.url.params else (202, taken)
    refused = api.run("dlq", "discard", "--all", "--reason", "test data")
    assert refused.exit_code == 2
    assert "--yes" in refused.output
    assert len(api.asked) == 1
    done = api.run("dlq", "discard", "--all", "--reason", "test data", "--yes")
    assert done.exit_code == 0, done.output
    assert "discarded 150" in done.stdout
    assert api.bodies(*PATHS["discard"])[-1]["confirmed"] == 150


def test_nothing_to_do_is_no_success(api: ScriptedApi) -> None:
    """A script that expects letters learns that there were none."""
    api.answers[PATHS["redrive"]] = found(0)
    told = api.run("dlq", "redrive", "3-42", "--reason", "healed")
    assert told.exit_code == 1
    assert "none of them waits" in told.stderr


def test_a_rejection_is_told_with_its_reason(api: ScriptedApi) -> None:
    """The 202 is not the end of it: what was decided is."""
    taken = api.decides("rejected", code="nothing_to_do", reason="no letter to redrive: 1 redriven already")
    api.answers[PATHS["redrive"]] = lambda r: found(1) if "dry_run" in r.url.params else (202, taken)
    told = api.run("dlq", "redrive", "3-42", "--reason", "healed")
    assert told.exit_code == 1
    assert "1 redriven already (nothing_to_do)" in told.stderr


@pytest.mark.parametrize("words", [(), ("3-42", "--all"), ("3-42", "--code", "x"), ("--all", "--code", "x")])
def test_which_letters_is_said_once(api: ScriptedApi, words: tuple[str, ...]) -> None:
    """Ids, a selection or --all: never none, never two."""
    assert api.run("dlq", "redrive", *words, "--reason", "healed").exit_code == 2
    assert not api.asked


def test_an_edit_takes_patches_in_three_ways(api: ScriptedApi, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A patch as it is, /path=value, or what was changed in the editor."""
    edited = ("POST", "/v1/dead-letters/3-42/edit")
    api.answers[edited] = (202, api.decides(redrive_id="r"))
    api.answers["GET", "/v1/dead-letters/3-42/record"] = {"data": {"title": "Old", "version": 1}}
    patch = tmp_path / "patch.json"
    patch.write_text('[{"op": "remove", "path": "/title"}]')
    assert "edited 3-42" in api.run("dlq", "edit", "3-42", "-r", "why", "--patch", f"@{patch}").stdout
    assert api.run("dlq", "edit", "3-42", "-r", "why", "--set", "/title=Leave", "--set", "/version=2").exit_code == 0
    monkeypatch.setattr("click.edit", lambda text, **_: text.replace("Old", "New"))
    assert api.run("dlq", "edit", "3-42", "-r", "why").exit_code == 0
    monkeypatch.setattr("click.edit", lambda *_, **__: None)
    assert api.run("dlq", "edit", "3-42", "-r", "why").exit_code == 1
    for wrong in ("--patch={}", "--patch=x", "--set=title"):
        assert api.run("dlq", "edit", "3-42", "-r", "why", wrong).exit_code == 2
    assert [body["patch"] for body in api.bodies(*edited)] == [
        [{"op": "remove", "path": "/title"}],
        [
            {"op": "replace", "path": "/title", "value": "Leave"},
            {"op": "replace", "path": "/version", "value": 2},
        ],
        [{"op": "replace", "path": "/title", "value": "New"}],
    ]


def test_redrives_are_listed_shown_and_stopped(api: ScriptedApi) -> None:
    """All of them, one in full, and an end to one."""
    one = str(REDRIVE["redrive_id"])
    api.answers["GET", "/v1/redrives"] = {"items": [REDRIVE], "next_cursor": None}
    api.answers["GET", f"/v1/redrives/{one}"] = REDRIVE
    assert one in api.run("dlq", "redrives").stdout
    assert "running: 3 of 12 redriven" in api.run("dlq", "redrives", one).stdout
    api.answers["POST", f"/v1/redrives/{one}/stop"] = (202, api.decides(events=[{"details": {"left": 9}}]))
    assert "9 letters are left" in api.run("dlq", "stop", one, "--reason", "enough").stdout
