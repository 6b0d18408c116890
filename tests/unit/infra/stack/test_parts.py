"""Which parts are ours to run."""

from pathlib import Path

from muniment.infra.settings import Settings
from muniment.infra.stack import parts
from muniment.infra.stack.plan import addresses, fill


def test_a_part_whose_address_is_set_is_not_started() -> None:
    """It is somebody else's."""
    names = parts.embedded(Settings(kafka_bootstrap="example.invalid:9092", database_url=None, openai_base_url=None))
    assert "kafka" not in names
    assert {"postgres", "embedding"} <= set(names)


def test_ports_are_wanted_only_for_parts_that_run() -> None:
    """A port of somebody else's part may well be in use."""
    assert parts.wanted_ports(Settings(postgres_port=5), ("postgres",)) == {"postgres_port": 5}


def test_the_parts_that_run_fill_in_the_settings() -> None:
    """Each its own address, and the key with that of the embedding server."""
    ports = {"kafka_port": 1, "kafka_controller_port": 2, "embedding_port": 3}
    filled = fill(Settings(home=Path("/h")), ("kafka", "embedding"), ports, "secret", "key")
    assert filled["kafka_bootstrap"] == "127.0.0.1:1"
    assert filled["openai_base_url"] == "http://127.0.0.1:3/v1"
    assert filled["openai_api_key"] == "key"
    assert "database_url" not in filled


def test_the_api_is_ended_in_a_hurry_with_its_stack() -> None:
    """On SIGTERM it would hold connections for nearly all its time before SIGKILL, for callers with nowhere to go."""
    ports = {"workers_port": 1, "projections_port": 2, "api_port": 3}
    found = parts.table(Settings(home=Path("/h")), parts.OWN, ports, "secret", "key")
    assert {one.name: one.stop_signal for one in found} == {"workers": "TERM", "projections": "TERM", "api": "INT"}


def test_addresses_for_people_hold_no_password() -> None:
    """They are printed."""
    ports = {"postgres_port": 5}
    settings = Settings(home=Path("/h"), kafka_bootstrap="example.invalid:9092")
    told = addresses(settings, ("postgres",), fill(settings, ("postgres",), ports, "secret", "key"))
    assert "secret" not in str(told)
    assert told["kafka"] == "example.invalid:9092 (outside)"


def test_a_part_that_listens_everywhere_is_asked_on_the_loopback() -> None:
    """0.0.0.0 is no address to connect to."""
    assert parts.reach("0.0.0.0") == "127.0.0.1"
    assert parts.reach("192.0.2.1") == "192.0.2.1"
