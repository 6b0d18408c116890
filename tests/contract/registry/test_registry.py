"""What clients of Confluent's Schema Registry rely on holds for ours and for an outside one that was filled by us."""

import json
from io import BytesIO

import fastavro
import httpx2
import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient, topic_record_subject_name_strategy
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.serialization import MessageField, SerializationContext
from fastavro.schema import to_parsing_canonical_form
from support.golden import golden_record
from support.registries import Running

from muniment.infra.registering import UNUSED
from muniment.schemas.catalogue import declarations
from muniment.schemas.event import Declaration
from muniment.schemas.schema_ids import ids
from muniment.schemas.subjects import subjects

ONE = "muniment.documents-muniment.DocumentSubmitted"


def schema_of(name: str) -> dict[str, object]:
    """The schema of a declaration."""
    return next(d.schema for d in declarations() if d.key == name)


def conf_of(registry: Running) -> dict[str, object]:
    """What the client is told: an address, and not to wait for ever, which is its default."""
    return {"url": registry.url, "timeout": 60}


def as_text(schema: object) -> dict[str, str]:
    """A request body."""
    return {"schema": json.dumps(schema)}


def by_plain_avro(declared: Declaration) -> object:
    """The golden record as an Avro reader gives it that knows the committed schema."""
    return fastavro.schemaless_reader(BytesIO(golden_record(declared).value[5:]), declared.schema, None)


def code_of(answer: httpx2.Response) -> tuple[int, int]:
    """Status and error code."""
    return answer.status_code, answer.json()["error_code"]


def test_confluents_deserializer_reads_every_event(registry: Running) -> None:
    """The client as it is, with its defaults, decodes each record by the id in it."""
    with SchemaRegistryClient(conf_of(registry)) as client:
        read = AvroDeserializer(client)
        for declared in declarations():
            record = golden_record(declared)
            found = read(record.value, SerializationContext(record.topic, MessageField.VALUE))
            assert found == by_plain_avro(declared), declared.key


def test_confluents_serializer_finds_the_id(registry: Running) -> None:
    """A client that writes gets the pinned id for a known schema, whether it looks it up or registers it."""
    declared = next(d for d in declarations() if d.key == "StepProgressed.v1")
    for auto in (False, True):
        with SchemaRegistryClient(conf_of(registry)) as client:
            conf = {"auto.register.schemas": auto, "subject.name.strategy": topic_record_subject_name_strategy}
            write = AvroSerializer(client, json.dumps(declared.schema), conf=conf)
            value = write(by_plain_avro(declared), SerializationContext(declared.topic.name, MessageField.VALUE))
        assert value == golden_record(declared).value


def test_an_id_means_the_declared_schema(http: httpx2.Client) -> None:
    """By its pinned id each schema reads the same bytes, and keeps what it says of sealed fields."""
    for declared in declarations():
        answer = http.get(f"/schemas/ids/{ids()[declared.key]}", params={"subject": f"{declared.topic.name}-value"})
        schema = json.loads(answer.json()["schema"])
        assert to_parsing_canonical_form(schema) == to_parsing_canonical_form(declared.schema), declared.key
        sealed = {f["name"] for f in schema["fields"] if isinstance(f["type"], dict) and "muniment.seals" in f["type"]}
        assert sealed == {name for name, _ in declared.personal}


def test_every_subject_has_its_versions(http: httpx2.Client) -> None:
    """Names, versions and ids are the declared ones, by each of the three naming strategies."""
    wanted = subjects(declarations())
    assert set(http.get("/subjects").json()) - {UNUSED} == set(wanted)
    for name in (ONE, "muniment.DocumentSubmitted", "muniment.documents-value", "muniment.dlq-value"):
        numbers = http.get(f"/subjects/{name}/versions").json()
        assert numbers == list(range(1, len(wanted[name].schemas) + 1))
        found = http.get(f"/subjects/{name}/versions/latest").json()
        last = wanted[name].schemas[-1]
        assert (found["subject"], found["version"], found["id"]) == (name, numbers[-1], last.schema_id)
        assert json.loads(found["schema"]) == last.schema


def test_a_known_schema_is_looked_up(http: httpx2.Client) -> None:
    """POST to a subject tells id and version; posting it as a new version tells the same id."""
    body = as_text(schema_of("DocumentSubmitted.v1"))
    found = http.post(f"/subjects/{ONE}", json=body).json()
    assert (found["id"], found["version"], found["subject"]) == (ids()["DocumentSubmitted.v1"], 1, ONE)
    assert http.post(f"/subjects/{ONE}/versions", json=body).json()["id"] == found["id"]
    other = http.post("/subjects/muniment.documents-value", json=body).json()
    assert other["id"] == found["id"]


def test_where_an_id_is_used(http: httpx2.Client) -> None:
    """The subjects and versions of an id."""
    number = ids()["DocumentSubmitted.v1"]
    names = {ONE, "muniment.DocumentSubmitted", "muniment.documents-value", "muniment.dlq-value"}
    assert set(http.get(f"/schemas/ids/{number}/subjects").json()) == names
    pairs = http.get(f"/schemas/ids/{number}/versions").json()
    assert {p["subject"] for p in pairs} == names
    assert {p["version"] for p in pairs if p["subject"] == ONE} == {1}


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/schemas/ids/99999", (404, 40403)),
        ("/subjects/nobody/versions", (404, 40401)),
        ("/subjects/nobody/versions/latest", (404, 40401)),
        (f"/subjects/{ONE}/versions/77", (404, 40402)),
    ],
)
def test_what_is_not_there_has_its_code(http: httpx2.Client, path: str, wanted: tuple[int, int]) -> None:
    """Clients tell by the error code what is missing."""
    assert code_of(http.get(path)) == wanted


def test_an_unknown_schema_is_not_found(http: httpx2.Client) -> None:
    """Looking up what nobody declared is 40403, and an unknown subject 40401."""
    assert code_of(http.post(f"/subjects/{ONE}", json=as_text({"type": "string"}))) == (404, 40403)
    assert code_of(http.post("/subjects/nobody", json=as_text({"type": "string"}))) == (404, 40401)


def test_a_probe_of_newer_clients_is_404(http: httpx2.Client) -> None:
    """What confluent-kafka asks first, and older registries have not."""
    assert http.get("/associations/resources/-/muniment.documents").status_code == 404


def test_levels_and_mode_are_told(registry: Running) -> None:
    """Events keep FULL_TRANSITIVE, and what holds all events of a topic keeps nothing."""
    with SchemaRegistryClient(conf_of(registry)) as client:
        assert client.get_compatibility(ONE) == "FULL_TRANSITIVE"
        assert client.get_compatibility("muniment.documents-value") == "NONE"
        assert client.get_mode(ONE) == ("READONLY" if registry.name == "ours" else "READWRITE")


def test_compatibility_is_really_checked(registry: Running) -> None:
    """An optional field may be added, a required one not, and a type does not change."""
    schema = schema_of("StepProgressed.v1")
    fields = list(schema["fields"])  # type: ignore[call-overload]
    subject = "muniment.jobs-muniment.StepProgressed"

    def verdict(*others: dict[str, object]) -> object:
        answer = httpx2.post(
            f"{registry.url}/compatibility/subjects/{subject}/versions/latest",
            json=as_text(schema | {"fields": list(others)}),
            trust_env=False,
            timeout=60,
        )
        return answer.json()["is_compatible"]

    assert verdict(*fields) is True
    assert verdict(*fields, {"name": "note", "type": ["null", "string"], "default": None}) is True
    assert verdict(*fields, {"name": "note", "type": "string"}) is False
    assert verdict(*fields[:-1]) is False
    assert verdict(*fields[:-1], fields[-1] | {"type": "long"}) is False


def test_an_unknown_id_is_an_error_of_the_client(registry: Running) -> None:
    """The client's own error, with its code: it has understood the answer."""
    with SchemaRegistryClient(conf_of(registry)) as client, pytest.raises(SchemaRegistryError) as error:
        client.get_schema(99_999)
    assert (error.value.http_status_code, error.value.error_code) == (404, 40403)
