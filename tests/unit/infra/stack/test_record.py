"""The record of the running stack."""

import os
import stat
from pathlib import Path

import psutil

from muniment.infra.stack import record
from muniment.infra.stack.record import Process, Record

ME = Process(os.getpid(), psutil.Process().create_time())


def a_record(supervisor: Process = ME) -> Record:
    return Record(supervisor, {"api_port": 7}, {"api_port": 7, "kafka_bootstrap": "127.0.0.1:1"}, {}, ("kafka",))


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    """And the ports are remembered apart, for when the record is gone."""
    record.write(tmp_path, a_record())
    assert record.read(tmp_path) == a_record()
    assert record.ports_before(tmp_path) == {"api_port": 7}


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    """It holds the password of the database."""
    record.write(tmp_path, a_record())
    assert stat.S_IMODE(record.record_file(tmp_path).stat().st_mode) == 0o600


def test_a_record_that_is_missing_or_damaged_is_none(tmp_path: Path) -> None:
    """An `up` that was killed while writing is no obstacle to the next."""
    assert record.read(tmp_path) is None
    record.write_private(record.record_file(tmp_path), "{")
    assert record.read(tmp_path) is None
    record.write_private(record.record_file(tmp_path), "{}")
    assert record.read(tmp_path) is None


def test_a_stack_runs_while_its_very_supervisor_lives(tmp_path: Path) -> None:
    """A later process with the same number is another one."""
    record.write(tmp_path, a_record())
    assert record.running(tmp_path) == a_record()
    record.write(tmp_path, a_record(Process(ME.pid, ME.started - 100)))
    assert record.running(tmp_path) is None
    record.write(tmp_path, a_record(Process(4_194_305, 0)))
    assert record.running(tmp_path) is None


def test_commands_find_the_stack_of_their_folder(tmp_path: Path) -> None:
    """What the stack recorded fills the settings."""
    record.write(tmp_path, a_record())
    settings = record.load_settings(home=tmp_path)
    assert settings.api_port == 7
