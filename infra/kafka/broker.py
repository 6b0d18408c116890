"""One Kafka node as a plain value: where its files lie, what its settings say, how it is started.

`muniment up` and the tests build their broker from the same functions. One node, KRaft, broker and controller in one
process. `acks=all` on one node means "in the page cache": that outlives `kill -9` of the process, not a power cut
(no `log.flush.*` is set: flushing each record costs most of the throughput, and a real cluster has replicas for that).
"""

import shutil
import subprocess
import uuid
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path

LOG4J = Path(__file__).with_name("log4j2.xml")
MESSAGE_BYTES_MAX = 8 * 1024 * 1024
"""Above any record that Muniment makes (a batch of chunks is 512 KiB of text and its vectors)."""
FORMAT_TIMEOUT_S = 120
ARCHIVE = "classes.jsa"
"""Beside the jars, where set-up has made it: the classes of a broker as the JVM lays them out (see `archive`)."""


@dataclass(frozen=True)
class Broker:
    """Where one embedded broker lives.

    `home` holds data and settings; `lib` the jars; both ports are on 127.0.0.1. `heap_mib` bounds the JVM's heap.
    """

    home: Path
    lib: Path
    port: int
    controller_port: int
    heap_mib: int = 512
    java: str = "java"

    @property
    def bootstrap(self) -> str:
        """The address that clients are given."""
        return f"127.0.0.1:{self.port}"

    @property
    def properties_file(self) -> Path:
        """The rendered server.properties."""
        return self.home / "server.properties"

    @property
    def data(self) -> Path:
        """The log directory; it names its cluster id in meta.properties once formatted."""
        return self.home / "data"


def server_properties(broker: Broker) -> str:
    """Render server.properties: small, quick to start, never makes a topic on its own."""
    values = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@127.0.0.1:{broker.controller_port}",
        "listeners": f"PLAINTEXT://127.0.0.1:{broker.port},CONTROLLER://127.0.0.1:{broker.controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{broker.port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": broker.data,
        "auto.create.topics.enable": "false",
        "delete.topic.enable": "true",
        "num.partitions": 1,
        "default.replication.factor": 1,
        "min.insync.replicas": 1,
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 8,
        "offsets.retention.minutes": 525600,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 4,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "share.coordinator.state.topic.num.partitions": 1,
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 1000,
        "message.max.bytes": MESSAGE_BYTES_MAX,
        "replica.fetch.max.bytes": MESSAGE_BYTES_MAX,
        # Topics set their own; the default keeps what nobody declared for a week.
        "log.retention.hours": 168,
        "log.segment.bytes": 64 * 1024 * 1024,
        # Twelve partitions by twenty topics: pre-allocated index files of 10 MiB each would be gigabytes.
        "log.index.size.max.bytes": 1024 * 1024,
        "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
        "num.network.threads": 2,
        "num.io.threads": 4,
        "num.recovery.threads.per.data.dir": 2,
        "background.threads": 4,
        "controlled.shutdown.enable": "true",
    }
    return "".join(f"{key}={value}\n" for key, value in values.items())


def classpath(lib: Path) -> str:
    """All jars of the folder, the way the JVM itself expands it; by its real path, as in the archive of classes."""
    return f"{lib.resolve()}/*"


def _archived(lib: Path) -> list[str]:
    """What has the JVM map its classes; one that does not fit, of another version say, it passes over."""
    archive = lib.resolve() / ARCHIVE
    return [f"-XX:SharedArchiveFile={archive}"] if archive.exists() else []


def start_command(broker: Broker) -> list[str]:
    """The command line that runs the broker in the foreground, until SIGTERM."""
    return [
        broker.java,
        f"-Xmx{broker.heap_mib}m",
        f"-Xms{min(128, broker.heap_mib)}m",
        "-XX:+UseSerialGC",
        # Both make a short-lived or idle JVM start sooner; a busy one loses a few per cent of its peak.
        "-XX:TieredStopAtLevel=1",
        "-Xshare:auto",
        *_archived(broker.lib),
        "-XX:+ExitOnOutOfMemoryError",
        "-Djava.awt.headless=true",
        f"-Dlog4j2.configurationFile={LOG4J}",
        "-cp",
        classpath(broker.lib),
        "kafka.Kafka",
        str(broker.properties_file),
    ]


def format_command(broker: Broker, cluster_id: str) -> list[str]:
    """The command line that writes a cluster id into an empty data folder."""
    return [
        broker.java,
        "-Xmx128m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Xshare:auto",
        *_archived(broker.lib),
        f"-Dlog4j2.configurationFile={LOG4J}",
        "-cp",
        classpath(broker.lib),
        "kafka.tools.StorageTool",
        "format",
        "--ignore-formatted",
        "-t",
        cluster_id,
        "-c",
        str(broker.properties_file),
    ]


def new_cluster_id() -> str:
    """A random cluster id in Kafka's own form: 16 bytes, URL-safe base64, no padding, no leading dash."""
    while True:
        text = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not text.startswith("-"):
            return text


def prepare(broker: Broker) -> None:
    """Write the settings, and format the data folder if that was never done.

    Raises `FileNotFoundError` without Java or the jars, `RuntimeError` with the tool's words if formatting fails.
    """
    if shutil.which(broker.java) is None:
        raise FileNotFoundError("java is not installed: apt-get install -y openjdk-17-jre-headless")
    if not any(broker.lib.glob("kafka_*.jar")):
        told = "run `make setup`; it fills .muniment: into another MUNIMENT_HOME link kafka/lib and models from there"
        raise FileNotFoundError(f"no Kafka jars in {broker.lib}: {told}")
    broker.home.mkdir(parents=True, exist_ok=True)
    broker.properties_file.write_text(server_properties(broker))
    if (broker.data / "meta.properties").exists():
        return
    done = subprocess.run(  # noqa: S603 - our own command line
        format_command(broker, new_cluster_id()),
        capture_output=True,
        text=True,
        timeout=FORMAT_TIMEOUT_S,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"Kafka could not format its data folder: {done.stdout[-2000:]}{done.stderr[-2000:]}")
