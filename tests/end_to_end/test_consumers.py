"""Other people's programs read the topics: with the kit, or with nothing of ours, as docs/consumers.md says."""

import json
import os
import re
import subprocess
from io import BytesIO
from pathlib import Path
from uuid import UUID, uuid4

import fastavro
import pytest
from support.kit import installed
from support.log_reading import read_topics
from support.papers import example
from support.stack import Api, Stack, until

from muniment.api.keys import Scope
from muniment.schemas.catalogue import declarations
from muniment.schemas.codec import declaration_of
from muniment.schemas.consumer import REDACTED, SEALED, DataKeys, KeysRefused, Reader
from muniment.schemas.record import Record
from muniment.schemas.schema_ids import ids
from muniment.schemas.sealing import key_id_of

CLIENT = "confluent-kafka[avro,schemaregistry]"
WORD = "chalcedonyotter"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that has the kit and a Kafka client, and nothing else of Muniment."""
    return installed(tmp_path_factory.mktemp("consumer"), CLIENT)


def program(python: Path, heading: str, stack: Stack, api: Api, folder: Path, *wanted: str) -> str:
    """What a program from the papers prints until it has printed all of these; nothing of this checkout is there."""
    code = example("consumers.md", heading, "python")
    environment = {
        "PATH": os.environ["PATH"],
        "MUNIMENT_KAFKA_BOOTSTRAP": stack.kafka_bootstrap,
        "MUNIMENT_API_URL": stack.record().addresses["api"],
        "MUNIMENT_API_KEY": api.key,
        "TENANT": api.tenant,
        "GROUP": f"g{uuid4().hex}",
        "PYTHONIOENCODING": "utf-8",
    }
    told, errors = folder / "told", folder / "errors"
    with told.open("w") as out, errors.open("w") as err:
        process = subprocess.Popen([python, "-u", "-c", code], cwd=folder, env=environment, stdout=out, stderr=err)
        try:
            until(f"{heading} prints {wanted}", lambda: _has_all(process, told, errors, wanted), 300)
        finally:
            process.kill()
            process.wait(10)
    return told.read_text("utf-8")


def _has_all(process: "subprocess.Popen[bytes]", told: Path, errors: Path, wanted: tuple[str, ...]) -> bool:
    assert process.poll() is None, errors.read_text("utf-8")[-3000:]
    text = told.read_text("utf-8", errors="replace")
    return all(any(one in line for line in text.splitlines()) for one in wanted)


def of_tenant(stack: Stack, tenant: str) -> list[Record]:
    """Every record of a tenant on any topic that has a declaration."""
    topics = sorted({declared.topic.name for declared in declarations()} | {"muniment.dlq"})
    return [r for r in read_topics(stack.kafka_bootstrap, topics) if r.header("tenant") == tenant]


def submitted(records: list[Record], document_id: str) -> Record:
    """The record of a document's submission."""
    return next(
        r
        for r in records
        if r.header("ce_type") == "muniment.DocumentSubmitted.v1" and r.header("ce_subject") == document_id
    )


def test_the_kits_example_shows_what_its_reader_may_see(python: Path, stack: Stack, api: Api, tmp_path: Path) -> None:
    """The program of the papers, in an environment of its own: file names in clear, by keys from the API."""
    document = api.indexed(f"About the {WORD}.", f"{WORD}.md")["document_id"]
    wanted = (f"submitted {document} {WORD}.md ", f"indexed {document} 1 ")
    program(python, "Python, with typed events", stack, api, tmp_path, *wanted)


def test_a_client_with_nothing_of_ours_sees_sealed_bytes(python: Path, stack: Stack, api: Api, tmp_path: Path) -> None:
    """Schemas from the API's registry, by the client's own deserializer: every record reads, and tells no name."""
    document = api.indexed(f"About the {WORD}.", f"{WORD}.md")["document_id"]
    indexed = f"muniment.DocumentIndexed.v1 {{'document_id': UUID('{document}')"
    printed = program(python, "Python, without anything of Muniment's", stack, api, tmp_path, indexed)
    submission = next(line for line in printed.splitlines() if document in line and "DocumentSubmitted" in line)
    assert re.search(r"""'file_name': b['"]\\x01""", submission)
    assert WORD not in printed


def test_who_has_no_right_sees_that_there_is_something_and_not_what(stack: Stack, api: Api) -> None:
    """Sealed without keys and for another tenant, refused without the scope, redacted once the key is destroyed."""
    done = api.indexed(f"About the {WORD}.", f"{WORD}.md", title=f"On {WORD}")
    record = submitted(of_tenant(stack, api.tenant), done["document_id"])
    url = stack.record().addresses["api"]

    with DataKeys(url, api.key) as keys:
        assert Reader(keys).read(record).event.title == f"On {WORD}"  # type: ignore[attr-defined]
    assert Reader().read(record).event.title is SEALED  # type: ignore[attr-defined]
    with DataKeys(url, stack.api().key) as theirs:
        assert Reader(theirs).read(record).event.title is SEALED  # type: ignore[attr-defined]
    made = stack.run("keys", "create", "no-right", "--tenant", api.tenant, "--scope", Scope.SEARCH, "--json")
    with DataKeys(url, json.loads(made.stdout)["key"]) as without, pytest.raises(KeysRefused):
        Reader(without).read(record)

    wanted = {"document_ids": [done["document_id"]], "reason": "asked by letter"}
    taken = api.ask("POST", "/v1/erasures", json=wanted).json()
    path = f"/v1/erasures/{taken['erasure_id']}"
    until("it is erased", lambda: api.get(path, token=taken["position"])["status"] == "completed", 240)
    with DataKeys(url, api.key) as keys:
        assert Reader(keys).read(record).event.title is REDACTED  # type: ignore[attr-defined]


def test_public_records_carry_nothing_personal_in_clear(stack: Stack, api: Api) -> None:
    """Of every record: each field declared personal is a sealed payload under the key that its header names.

    And no key, header or clear field of any record repeats a word of what was submitted.
    """
    told = {"title": f"On {WORD}", "metadata": json.dumps({WORD: f"{WORD}-value"})}
    done = api.indexed(f"# {WORD}\n\nAbout the {WORD}. " * 20, f"{WORD}.md", **told)
    api.ended(api.submit(b"\x7fELF" + WORD.encode(), f"{WORD}.bin"))
    answer = api.ask("POST", "/v1/documents", json={"url": f"http://127.0.0.1:9/{WORD}", "title": WORD})
    assert answer.status_code == 202, answer.text
    api.ended(api.delete(done["document_id"]))
    schemas = {ids()[d.key]: fastavro.parse_schema(d.schema) for d in declarations()}
    seen: set[str] = set()
    for record in of_tenant(stack, api.tenant):
        declared = declaration_of(record)
        number = int.from_bytes(record.value[1:5], "big")
        row = fastavro.schemaless_reader(BytesIO(record.value[5:]), schemas[number], None)
        assert isinstance(row, dict)
        for name, _ in declared.personal:
            assert key_id_of(row.pop(name)) == UUID(record.header("key_id")), (declared.key, name)
            seen.add(f"{declared.name}.{name}")
        in_clear = repr((row, record.key, record.headers))
        assert WORD not in in_clear, declared.key
    assert seen >= {
        "SubmitDocument.file_name",
        "SubmitDocument.metadata",
        "SubmitUrl.url",
        "DocumentSubmitted.title",
        "ChunksPrepared.texts",
        "ChunksEmbedded.vectors",
    }
