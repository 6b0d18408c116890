"""One real broker for a whole test run, built from the same functions as that of `muniment up`."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support import own_loop
from support.quick_folder import new_folder
from support.ready import until_ready

from muniment.infra.kafka import broker as kafka
from muniment.infra.kafka.ready import brokers

ROOT = Path(__file__).parents[2]
LIB = Path(os.environ.get("MUNIMENT_TEST_KAFKA_LIB", ROOT / ".muniment" / "kafka" / "lib"))
READY_TIMEOUT_S = 90


@contextmanager
def running_broker(port: int, controller_port: int, home: Path | None = None) -> Iterator[kafka.Broker]:
    """A broker that dies with this process, however that ends; its data go with it unless `home` is given."""
    folder = home or new_folder("muniment-kafka-")
    broker = kafka.Broker(home=folder, lib=LIB, port=port, controller_port=controller_port, heap_mib=384)
    kafka.prepare(broker)
    log = folder / "broker.log"
    with log.open("ab") as sink:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig=KILL", *kafka.start_command(broker)],
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        try:
            own_loop.run(until_ready(lambda: brokers(broker.bootstrap), READY_TIMEOUT_S, process))
        except TimeoutError as cause:
            raise RuntimeError(f"the broker did not start: {log.read_text()[-2000:]}") from cause
        yield broker
    finally:
        # Nobody needs these data again: an orderly stop would only take longer.
        process.kill()
        process.wait()
        if home is None:
            shutil.rmtree(folder, ignore_errors=True)
