"""What operators do by pages, on real parts: the same as by the routes, with its outcome shown."""

import re

from pages import Pages
from played_workers import BURIED
from served_api import Served
from support.until import until


def test_a_flag_is_set_with_its_outcome_and_history_shown(served: Served) -> None:
    """The page that comes back says what was decided, by whom and why; a blank reason changes nothing."""
    with Pages(served) as me:
        page = me.get("/operations/flags/outbox")
        done = me.send(page, "/operations/flags/outbox", reason="the broker is being moved")
        assert done.status_code == 200, done.text
        assert "Done." in done.text
        assert "Flag set" in done.text
        assert "the broker is being moved" in done.text
        assert f"key:{served.mine.split('_')[1]}" in done.text
        refused = me.send(done.text, "/operations/flags/outbox", reason="  ")
        assert refused.status_code == 422
        again = me.send(me.get("/operations/flags/outbox"), "/operations/flags/outbox", reason="moved")
        assert 'value="on"' in again.text
        assert "the broker is being moved" in me.get("/operations/record", kind="flag")


def test_a_step_is_halted_and_resumed(served: Served) -> None:
    """Each with its reason, which the list of steps and the record show."""
    with Pages(served) as me:
        done = me.send(me.get("/operations/steps"), "/operations/steps/purging/halt", reason="looking at it")
        assert "Step halted" in done.text
        assert "looking at it" in done.text
        resumed = me.send(done.text, "/operations/steps/purging/resume", reason="looked")
        assert "Step resumed" in resumed.text


def test_jobs_are_listed_found_and_looked_at(served: Served) -> None:
    """By state, by the id of a job and by that of a document; what is no id is told so."""
    with served.client() as api, Pages(served) as me:
        sent = api.post("/v1/documents", json={"text": "a", "title": "T"}).json()
        row = f'id="job-{sent["job_id"]}"'
        # By state alone: who names a job is shown it in whatever state it is.
        me.until(row, "/operations/jobs", state="succeeded")
        assert row in me.get("/operations/jobs")
        assert row in me.get("/operations/jobs", q=sent["job_id"])
        assert row in me.get("/operations/jobs", q=sent["document_id"])
        assert row not in me.get("/operations/jobs", state="failed")
        assert "This is not an id" in me.get("/operations/jobs", q="abc")
        one = me.get(f"/operations/jobs/{sent['job_id']}")
        assert sent["document_id"] in one
        assert "/cancel" not in one
        with Pages(served, served.theirs) as stranger:
            assert row not in stranger.get("/operations/jobs", q=sent["job_id"])
            assert stranger.http.get(f"/console/operations/jobs/{sent['job_id']}").status_code == 404


def test_dead_letters_are_looked_at_before_anything_is_done(served: Served) -> None:
    """Group, letter, record with its trail, and how many a redrive would take."""
    with served.client() as api, Pages(served) as me:
        sent = api.post("/v1/documents", json={"text": "no more", "title": "Old title", "file_name": BURIED}).json()
        asked = {"job_id": sent["job_id"]}
        [letter] = until("it is listed", lambda: api.get("/v1/dead-letters", params=asked).json()["items"])
        groups = me.get("/operations/dead-letters")
        assert letter["fingerprint"] in groups
        assert "Gone since version" in groups
        shown = me.get(f"/operations/dead-letters/{letter['dead_letter_id']}")
        assert "Old title" not in shown
        record = me.get(f"/operations/dead-letters/{letter['dead_letter_id']}/record")
        assert "Old title" in record
        broken = me.send(record, f"/operations/dead-letters/{letter['dead_letter_id']}/edit", patch="{", reason="a try")
        assert broken.status_code == 422
        assert 'aria-invalid="true"' in broken.text
        plan = me.get("/operations/dead-letters/redrive", fingerprint=letter["fingerprint"])
        [count] = re.findall(r'id="found">([0-9,]+)<', plan)
        assert int(count) >= 1
        assert letter["dead_letter_id"] in plan
        # Nobody plays this one: the page tells a rejection with its reason.
        done = me.send(plan, "/operations/dead-letters/redrive", rate="5", canary="1", reason="mended")
        assert "This was not done" in done.text
        assert "nobody plays it" in done.text
        # Entries gather for a moment before they go to the log.
        me.until(letter["dead_letter_id"], "/audit/trail", action="dead_letter.read")


def test_figures_say_what_ended(served: Served) -> None:
    """Charts have their tables, over every range; what is under way shows beside them."""
    with Pages(served) as me:
        for name in ("hour", "day", "week", "month"):
            page = me.get("/operations", range=name)
            assert page.count("data-chart") >= 2, name
            assert "Jobs ended" in page
        assert "Jobs under way" in me.get("/operations/now")
        assert "Read models" in me.get("/operations/lag")
        assert me.get("/operations/retries")
