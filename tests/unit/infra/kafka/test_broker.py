"""The broker's settings and command lines."""

from pathlib import Path

import pytest

from muniment.infra.kafka.archive import archiving
from muniment.infra.kafka.broker import (
    ARCHIVE,
    Broker,
    format_command,
    new_cluster_id,
    prepare,
    server_properties,
    start_command,
)

BROKER = Broker(home=Path("/h"), lib=Path("/l"), port=1, controller_port=2)


def properties() -> dict[str, str]:
    return dict(line.split("=", 1) for line in server_properties(BROKER).splitlines())


def test_clients_are_told_the_loopback_address_they_came_by() -> None:
    """Listening and advertised address agree, and neither leaves this machine."""
    found = properties()
    assert found["advertised.listeners"] == "PLAINTEXT://127.0.0.1:1"
    assert found["listeners"].split(",")[0] == found["advertised.listeners"]
    assert "0.0.0.0" not in server_properties(BROKER)


def test_a_topic_is_never_made_by_accident() -> None:
    """A misspelt topic is an error, not a new topic."""
    assert properties()["auto.create.topics.enable"] == "false"


def test_one_node_is_enough_for_its_own_topics() -> None:
    """Offsets and transactions would otherwise wait for two more brokers for ever."""
    found = properties()
    assert all(value == "1" for name, value in found.items() if name.endswith((".replication.factor", ".isr")))


def test_the_broker_takes_a_full_batch_of_vectors() -> None:
    """64 chunks of text and vectors, with a margin."""
    assert int(properties()["message.max.bytes"]) >= 4 * 1024 * 1024


def test_the_jvm_is_bounded() -> None:
    """The heap has a limit, and a broker out of memory ends, so that the supervisor starts it anew."""
    command = start_command(BROKER)
    assert "-Xmx512m" in command
    assert "-XX:+ExitOnOutOfMemoryError" in command


def test_classes_are_mapped_where_they_were_archived(tmp_path: Path) -> None:
    """By the real path of the jars, which is a link in many a home; without an archive nobody asks for one."""
    jars, link = tmp_path / "jars", tmp_path / "lib"
    jars.mkdir()
    link.symlink_to(jars)
    broker = Broker(home=tmp_path, lib=link, port=1, controller_port=2)
    assert not [word for word in start_command(broker) if "Archive" in word]
    (jars / ARCHIVE).touch()
    wanted = {f"-XX:SharedArchiveFile={jars / ARCHIVE}", f"{jars}/*"}
    assert wanted <= set(start_command(broker))
    assert wanted <= set(format_command(broker, "id"))


def test_a_broker_that_archives_is_the_one_that_will_run() -> None:
    """Its command line differs in one option, or its classes would be others."""
    command = archiving(BROKER, Path("/a"))
    assert [word for word in command if word not in start_command(BROKER)] == ["-XX:ArchiveClassesAtExit=/a"]


def test_a_cluster_id_is_sixteen_bytes_and_no_option() -> None:
    """22 characters of base64, never a leading dash."""
    ids = {new_cluster_id() for _ in range(200)}
    assert len(ids) == 200
    assert all(len(one) == 22 and not one.startswith("-") for one in ids)


def test_missing_jars_are_named_with_the_remedy(tmp_path: Path) -> None:
    """Before anything is written."""
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\n")
    java.chmod(0o755)
    broker = Broker(home=tmp_path / "home", lib=tmp_path, port=1, controller_port=2, java=str(java))
    with pytest.raises(FileNotFoundError, match="link kafka/lib"):
        prepare(broker)
    assert not broker.home.exists()


def test_missing_java_is_named_with_the_remedy(tmp_path: Path) -> None:
    """The command that installs it is in the message."""
    with pytest.raises(FileNotFoundError, match="apt-get install"):
        prepare(Broker(home=tmp_path, lib=tmp_path, port=1, controller_port=2, java="no-such-java"))
