"""Makes the archive of a broker's classes: with it a broker starts in half the time (JEP 350, dynamic CDS archives).

Run once by set-up, as `python -m muniment.infra.kafka.archive LIB`: a broker is started, answers, ends, and in ending
writes down what it has loaded.
"""

import asyncio
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from muniment.infra.kafka.broker import ARCHIVE, Broker, prepare, start_command
from muniment.infra.kafka.ready import brokers

START_S = 120.0
END_S = 120.0
HEAP_MIB = 256
INTERVAL_S = 0.2


def archiving(broker: Broker, archive: Path) -> list[str]:
    """The command line that runs the broker and writes the archive when it ends."""
    java, *rest = start_command(broker)
    return [java, f"-XX:ArchiveClassesAtExit={archive}", *rest]


def make(lib: Path) -> Path:
    """Put the archive beside the jars; its path.

    Raises what `prepare` raises, and `RuntimeError` when the broker does not start, or writes nothing.
    """
    done = lib / ARCHIVE
    done.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="muniment-kafka-") as folder:
        home, new = Path(folder), lib / f"{ARCHIVE}.new"
        new.unlink(missing_ok=True)
        port, controller_port = _free_ports()
        broker = Broker(home=home, lib=lib, port=port, controller_port=controller_port, heap_mib=HEAP_MIB)
        prepare(broker)
        with (home / "broker.log").open("w+") as log:
            process = subprocess.Popen(archiving(broker, new), stdout=log, stderr=log)  # noqa: S603 - our own command line
            try:
                answered = _until_it_answers(process, broker.bootstrap)
                process.terminate()
                process.wait(END_S)
            finally:
                process.kill()
                process.wait()
            # A broker that failed writes one, too, with what it had loaded until then.
            if not answered or not new.exists():
                new.unlink(missing_ok=True)
                log.seek(0)
                raise RuntimeError(f"no archive of classes was written: {log.read()[-2000:]}")
        new.replace(done)
    return done


def _until_it_answers(process: "subprocess.Popen[bytes]", bootstrap: str) -> bool:
    deadline = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(ConnectionError):
            asyncio.run(brokers(bootstrap))
            return True
        time.sleep(INTERVAL_S)
    return False


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


if __name__ == "__main__":
    make(Path(sys.argv[1]))
