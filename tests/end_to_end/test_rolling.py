"""Processes come and go under load, and steps change process: nobody notices."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from support.plain import PLAIN
from support.roaming import Roaming, Second, restart
from support.stack import Api, Stack, until

LANES = ("interactive", "normal", "bulk")
PAUSE_S = 0.8
"""Of each caller between two requests: enough of them for every moment of a restart, and not more than have to end."""
BETWEEN_S = 1.0
"""Of load before the next instance goes."""
ENOUGH = 30
"""Documents that show something."""
ROWS = """
select job_id::text, state, version, chunks, embedded + reused as have from read.jobs
where tenant = $1 and kind = 'submit'
"""
SEEN = "select document_id::text, version, chunks from read.active_versions where tenant = $1"


def all_came_out(stack: Stack, api: Api, load: Roaming) -> None:
    """Every acknowledged document has ended well, once, whole; and there is none that nobody asked for."""
    wanted = {done["job_id"] for done in load.acknowledged}
    documents = {done["document_id"] for done in load.acknowledged}

    def rows() -> list[Any]:
        found = stack.rows(ROWS, api.tenant)
        return found if len(found) >= len(wanted) and all(row["state"] == "succeeded" for row in found) else []

    found = until("every job succeeds", rows, 300, every_s=0.5)
    assert {row["job_id"] for row in found} == wanted
    assert {(row["version"], row["chunks"], row["have"]) for row in found} == {(1, 1, 1)}
    until("search sees all", lambda: len(stack.rows(SEEN, api.tenant)) == len(wanted))
    seen = stack.rows(SEEN, api.tenant)
    assert {row["document_id"] for row in seen} == documents
    assert {(row["version"], row["chunks"]) for row in seen} == {(1, 1)}


@pytest.fixture
def seconds(stack: Stack, tmp_path: Path) -> Iterator[dict[str, Second]]:
    """A second API and a second worker process."""
    made = {name: Second(stack, name, tmp_path) for name in ("workers", "api")}
    try:
        for one in made.values():
            one.begin()
        for one in made.values():
            one.well()
        yield made
    finally:
        for one in made.values():
            one.stop()


def test_a_rolling_restart_fails_no_request_and_loses_no_job(
    stack: Stack, api: Api, seconds: dict[str, Second]
) -> None:
    """Each worker process and each API is stopped and started in turn: every request is answered, every job ends."""
    load = Roaming([stack.record().addresses["api"], seconds["api"].url], api.key)
    load.begin(3, 2, lanes=LANES, pause_s=PAUSE_S)
    took = {}
    try:
        for name in ("workers", "api"):
            time.sleep(BETWEEN_S)
            took[f"second {name}"] = seconds[name].stop()
            seconds[name].start()
            time.sleep(BETWEEN_S)
            took[name] = restart(stack, name)
        time.sleep(BETWEEN_S)
    finally:
        load.end()
    said = {name: round(s, 1) for name, s in took.items()}
    print(f"{said}, {len(load.acknowledged)} documents, {load.reads} reads, {load.moved} moved")  # noqa: T201
    assert load.failed == []
    assert load.moved > 0, "no caller ever met a stopped instance: it shows nothing"
    assert len(load.acknowledged) > ENOUGH
    all_came_out(stack, api, load)


def set_flag(api: Api, *, on: bool) -> None:
    answer = api.http.put("/v1/flags/durable_worker", json={"value": on, "reason": "a test"})
    assert answer.status_code == 202, answer.text


def standing_by(stack: Stack) -> tuple[bool, bool]:
    """What the workers say: whether they are not to work, and whether they have no part left."""
    told = httpx2.get(f"{stack.record().addresses['workers']}/health", timeout=60, trust_env=False, verify=PLAIN)
    assert told.status_code == 200 or not told.json()["standing_by"], told.text
    return told.json()["standing_by"], told.json()["parts"] == {}


def who_works(api: Api) -> tuple[bool, str, bool]:
    """What health says: whether workers work, how the steps are hosted, and whether in any process at all."""
    told = api.ask("GET", "/health/detailed").json()["worker_system"]
    return told["enabled"], told["type"], (told["workers"] or 0) > 0


def test_the_steps_change_process_under_load(stack: Stack, api: Api) -> None:
    """Off, the API's process works; on again, the workers do: nothing lost, nothing twice."""
    load = Roaming([stack.record().addresses["api"]], api.key)
    load.begin(3, 1, lanes=LANES, pause_s=PAUSE_S)
    took = []
    try:
        for on in (False, True, False, True):
            time.sleep(BETWEEN_S)
            began = time.monotonic()
            set_flag(api, on=on)
            until("the workers have heard", lambda on=on: standing_by(stack)[0] is not on, every_s=0.05)
            heard = time.monotonic() - began
            until("they have acted", lambda on=on: standing_by(stack)[1] is not on, 180)
            # Whoever works now works: a document goes all the way.
            load.acknowledged.append(api.indexed(f"Round {len(took)}.", f"round-{len(took)}.txt", lane="interactive"))
            took.append((heard, time.monotonic() - began))
            until("health says who works", lambda on=on: who_works(api) == (on, "faust" if on else "inline", True))
    finally:
        load.end()
        set_flag(api, on=True)
    print([(round(a, 2), round(b, 1)) for a, b in took], len(load.acknowledged))  # noqa: T201 - shown with -s
    assert load.failed == []
    assert len(load.acknowledged) > ENOUGH
    all_came_out(stack, api, load)
