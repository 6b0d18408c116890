"""Clients that are not Python's, as they are: Confluent's for Java, and ClickHouse."""

import json
import os
import subprocess
from io import BytesIO
from pathlib import Path

import fastavro
from support.golden import golden_record
from support.registries import PEERS, Running, peer

from muniment.schemas.catalogue import declarations
from muniment.schemas.schema_ids import ids

HERE = Path(__file__).parent
KAFKA = PEERS.parent / "kafka" / "lib"
CHDB = """
import sys, chdb
print(chdb.query(sys.stdin.read(), "JSONEachRow"))
"""


def test_confluents_java_client_reads_every_event(registry: Running) -> None:
    """It finds each schema by the id in the record; looks up, registers and compares as against Confluent's own."""
    jars = [*peer("java-client").glob("*.jar"), *KAFKA.glob("slf4j-*.jar")]
    every = declarations()
    done = subprocess.run(
        [
            "java",
            "-cp",
            os.pathsep.join(map(str, jars)),
            str(HERE / "ConfluentClient.java"),
            registry.url,
            *(golden_record(one).value.hex() for one in every),
        ],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={**os.environ, "JDK_JAVA_OPTIONS": "-Dfile.encoding=UTF-8 -Dstdout.encoding=UTF-8"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    # By newlines alone: bytes are printed as Latin-1 here, and `splitlines` takes U+0085 among them for an end, too.
    *records, verdict, unknown = done.stdout.removesuffix("\n").split("\n")
    for declared, line in zip(every, records, strict=True):
        name, _, text = line.partition(" ")
        assert name == declared.name
        values = json.loads(text)
        wanted = fastavro.schemaless_reader(BytesIO(golden_record(declared).value[5:]), declared.schema, None)
        assert isinstance(wanted, dict)
        assert set(values) == set(wanted)
        for field, value in wanted.items():
            shown = values[field]
            if isinstance(shown, dict) and not isinstance(value, dict):
                # Avro's JSON names the branch of a union.
                (shown,) = shown.values()
            if isinstance(value, bytes):
                assert shown.encode("latin-1") == value
            elif isinstance(value, int | str):
                assert shown == value
    number = ids()["StepProgressed.v1"]
    assert verdict == f"{number} {number} {number} 1 FULL_TRANSITIVE true false"
    assert unknown == "404 40403"


def test_clickhouse_reads_a_topic_of_many_events(registry: Running, tmp_path: Path) -> None:
    """AvroConfluent asks for the schema of each record; what another event has not is at its default."""
    declared = {one.key: one for one in declarations()}
    names = ["DocumentIndexed.v1", "DocumentSubmitted.v1", "DocumentIndexed.v1"]
    messages = tmp_path / "messages.bin"
    messages.write_bytes(b"".join(golden_record(declared[name]).value for name in names))
    query = f"""
        SELECT version, chunks, size_bytes, model
        FROM file('{messages}', 'AvroConfluent', 'version Int64, chunks Int64, size_bytes Int64, model String')
        SETTINGS format_avro_schema_registry_url = '{registry.url.replace("//", "//any:key@")}',
                 input_format_avro_allow_missing_fields = 1"""
    python = peer("venv") / "bin" / "python"
    done = subprocess.run(
        [str(python), "-c", CHDB], input=query, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    rows = [json.loads(line) for line in done.stdout.split("\n") if line]
    assert [(int(row["chunks"]), int(row["size_bytes"])) for row in rows] == [(3, 0), (0, 3), (3, 0)]
    assert {int(row["version"]) for row in rows} == {3}
