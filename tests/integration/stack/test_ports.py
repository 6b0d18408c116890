"""Ports that are kept for parts: nobody else finds them, and the part itself can listen."""

import socket

import pytest
from support.ports import free_port
from support.stack_folder import Folder
from support.until import until

from muniment.infra.settings import Settings
from muniment.infra.stack import ports, start
from muniment.infra.stack.control import Control
from muniment.infra.stack.plan import make_plan


def test_a_kept_port_is_found_by_nobody_and_open_to_its_part() -> None:
    """Before its server listens, beside it, and after it."""
    port = free_port()
    kept = ports.keep([port])
    assert not ports.is_untouched(port)
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", port))
        server.listen()
        with socket.create_connection(("127.0.0.1", port)) as caller:
            accepted, _ = server.accept()
            with accepted:
                accepted.sendall(b"it")
                assert caller.recv(2) == b"it"
    assert not ports.is_untouched(port)
    for one in kept:
        one.close()


def test_a_port_on_which_somebody_listens_cannot_be_kept() -> None:
    """It is named, and those that were kept before it are let go."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port()))
        taken.listen()
        port, before = taken.getsockname()[1], free_port()
        with pytest.raises(ports.PortTakenError, match=str(port)):
            ports.keep([before, port])
    assert ports.is_untouched(before)


def test_the_supervisor_keeps_the_ports_of_parts_that_do_not_run(folder: Folder) -> None:
    """Before a part is started, and whenever it is down: as long as there is a stack, and no longer."""
    plan = make_plan(Settings(home=folder.home), ("api",))
    port = plan.ports["api_port"]
    assert ports.is_untouched(port)
    kept = ports.keep(plan.ports.values())
    start.prepare(plan)
    process = start.launch(plan, kept, attached=False)
    for one in kept:
        one.close()
    control = Control(plan.places.socket)
    until("the supervisor answers", control.answers)
    assert {state.name for state in control.states() if state.pid} == {"log"}
    assert not ports.is_untouched(port)
    assert folder.run("down").returncode == 0
    process.wait(60)
    assert ports.is_untouched(port)
