"""The server's settings and command lines."""

from pathlib import Path

from muniment.infra.postgres.identity import Identity
from muniment.infra.postgres.server import Server, as_account, postgresql_conf

WHO = Identity("nobody", 65534, 65534, switched=True)
SERVER = Server(home=Path("/h"), port=5, password="p@ss/word", who=WHO)


def test_the_server_is_durable_and_on_the_loopback_only() -> None:
    """An acknowledged commit outlives any kill, and nobody else's machine can ask."""
    text = postgresql_conf(SERVER)
    assert "listen_addresses = '127.0.0.1'\n" in text
    assert "synchronous_commit = on\n" in text
    assert "fsync = on\n" in text


def test_extra_settings_win() -> None:
    """The tests trade durability for speed this way."""
    server = Server(home=Path("/h"), port=5, password="x", who=WHO, extra={"fsync": "off"})
    assert "fsync = off\n" in postgresql_conf(server)
    assert "fsync = on\n" not in postgresql_conf(server)


def test_a_password_is_escaped_in_the_address_and_hidden_in_print() -> None:
    """Whatever it holds, the address can be read back."""
    assert SERVER.dsn("d") == "postgresql://muniment:p%40ss%2Fword@127.0.0.1:5/d"
    assert "p@ss" not in repr(SERVER)


def test_root_switches_to_the_account_and_keeps_no_group() -> None:
    """The death signal is set by the same wrapper, after the switch would have cleared it."""
    command = as_account(WHO, ["postgres"], "INT")
    assert command == [
        "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--pdeathsig=INT", "postgres",
    ]  # fmt: skip


def test_an_ordinary_user_stays_who_they_are() -> None:
    """No wrapper where there is nothing to switch and nothing to be told."""
    assert as_account(Identity("me", 1000, 1000, switched=False), ["postgres"]) == ["postgres"]
