"""Fixtures for all tests. The real parts start when the first test asks for them, once for the whole run.

To use parts that run already (quicker while working on one test), set `MUNIMENT_TEST_KAFKA_BOOTSTRAP` and
`MUNIMENT_TEST_POSTGRES_DSN` (a superuser's address: databases are created there).
Unit tests get neither: asking for one in tests/unit fails.
"""

import gc
import os
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings

# Test files are not packages (--import-mode=importlib), so what they share is found as `support` from here on.
if str(Path(__file__).parent) not in sys.path:
    sys.path.insert(0, str(Path(__file__).parent))

from support.kafka import running_broker
from support.one_stack import OneStack
from support.ports import free_port as new_free_port
from support.ports import free_ports as new_free_ports
from support.postgres import (
    create_database,
    create_prepared_template,
    create_template,
    drop_database,
    running_server,
)

# As every process sets it up, tests that look at lines apart: structlog's own default shows the variables of every
# frame of an error, which takes it half a minute in an application of this size.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)
# How quick an example is, is for benchmarks to say: beside other work the same one takes ten times as long.
settings.register_profile("muniment", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("muniment")
# What is loaded stays, and is a million objects: looking through it again and again took a fifth of unit tests' time.
gc.set_threshold(10_000, 20, 20)
_LEFT: list[str] = []
REAL_PARTS = frozenset({"kafka_bootstrap", "postgres_dsn", "database_url", "module_database_url"})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Unit tests stay without processes and sockets."""
    unit = Path(__file__).parent / "unit"
    for item in items:
        wanted = REAL_PARTS.intersection(getattr(item, "fixturenames", ()))
        if wanted and item.path.is_relative_to(unit):
            raise pytest.UsageError(f"{item.nodeid} is a unit test and asks for {sorted(wanted)}")


def pytest_collection_finish() -> None:
    """Leave all that is loaded by now out of what is looked through for garbage."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Look for threads for which the interpreter would wait without end; a process of a run tells the one it is of."""
    _LEFT.extend(_left_threads())
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left"] = list(_LEFT)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneStack:
    """Give the files of a run out to its processes."""
    return OneStack(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Hear what a process of the run has left behind."""
    _LEFT.extend(getattr(node, "workeroutput", {}).get("left", ()))


def pytest_unconfigure() -> None:
    """Fail, by name, a run that left threads behind; it would not end by itself."""
    if _LEFT:
        print(f"tests left threads running: {', '.join(_LEFT)}", file=sys.__stderr__, flush=True)
        os._exit(1)


def _left_threads() -> list[str]:
    main = threading.main_thread()
    left = [thread for thread in threading.enumerate() if thread is not main and not thread.daemon]
    for thread in left:
        thread.join(5)
    return [f"{type(thread).__module__}.{thread.name}" for thread in left if thread.is_alive()]


@pytest.fixture(scope="session")
def kafka_bootstrap() -> Iterator[str]:
    """The address of a real broker, shared by the run: use topic and group names of your own (see `unique`)."""
    given = os.environ.get("MUNIMENT_TEST_KAFKA_BOOTSTRAP")
    if given:
        yield given
        return
    port, controller_port = new_free_ports(2)
    with running_broker(port, controller_port) as broker:
        yield broker.bootstrap


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """The superuser's address on a real server, shared by the run; most tests want `database_url`."""
    given = os.environ.get("MUNIMENT_TEST_POSTGRES_DSN")
    if given:
        yield given
        return
    with running_server(new_free_port()) as server:
        yield server.dsn()


@pytest.fixture(scope="session")
def database_template(postgres_dsn: str) -> str:
    """The name of a database with all migrations applied."""
    return create_template(postgres_dsn)


@pytest.fixture(scope="session")
def read_models_of(postgres_dsn: str, database_template: str) -> Callable[[int], str]:
    """The name of a database that has every read model made, too, for vectors of so many numbers."""
    return cache(partial(create_prepared_template, postgres_dsn, database_template))


@pytest.fixture
def database_url(request: pytest.FixtureRequest, postgres_dsn: str, database_template: str) -> Iterator[str]:
    """A fresh database for one test, all migrations applied.

    Where a folder has a fixture `read_models`, and the test asks for it, every read model is made, too: that takes
    longer than a copy.
    """
    made = "read_models" in request.fixturenames
    address = create_database(postgres_dsn, request.getfixturevalue("read_models") if made else database_template)
    yield address
    drop_database(postgres_dsn, address)


@pytest.fixture(scope="module")
def module_database_url(postgres_dsn: str, database_template: str) -> Iterator[str]:
    """A fresh database shared by the tests of one module, all migrations applied."""
    address = create_database(postgres_dsn, database_template)
    yield address
    drop_database(postgres_dsn, address)


@pytest.fixture
def unique() -> str:
    """A short name that no other test has: for topics, groups, folders."""
    return f"t{uuid.uuid4().hex[:12]}"


@pytest.fixture
def free_port() -> int:
    """One free port on 127.0.0.1."""
    return new_free_port()
