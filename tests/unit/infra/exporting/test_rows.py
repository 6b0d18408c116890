"""What is exported reads back as the very records, whatever was on the log."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.events import events
from support.exporting import FakeLog, everything, exported, laid, read_back, record_of_row

from muniment.infra.exporting.folder import ExportFolder
from muniment.infra.exporting.formats import FORMATS
from muniment.infra.exporting.rows import RAW, opened_row, sealed_row
from muniment.infra.exporting.verifying import verify
from muniment.schemas import example
from muniment.schemas.catalogue import declarations
from muniment.schemas.codec import encode
from muniment.schemas.event import Declaration
from muniment.schemas.proofs import leaves
from muniment.schemas.proofs.leaves import LogRecord
from muniment.schemas.proofs.merkle import leaf_hash
from muniment.schemas.record import Record
from muniment.schemas.sealing import DataKey
from muniment.schemas.topics import DOCUMENTS

FORMS = list(FORMATS)
HEADERS = st.lists(st.tuples(st.text(max_size=5), st.binary(max_size=8)), max_size=4).map(tuple)
FOREIGN = st.builds(
    Record, topic=st.just(DOCUMENTS.name), key=st.binary(max_size=8), value=st.binary(max_size=40), headers=HEADERS
)


def record_of(data: st.DataObject, declaration: Declaration) -> Record:
    """A record of some event of this kind."""
    meta = example.metadata(declaration.key)
    return encode(data.draw(events(declaration)), meta, example.KEY, example.nonce)


def key_of(key_id: UUID) -> DataKey | None:
    """The keys of the examples."""
    return example.KEY if key_id == example.KEY.key_id else None


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_what_is_exported_reads_back(form: str, data: st.DataObject) -> None:
    """Records of any events, and foreign ones among them, come back byte for byte in each form."""
    drawn = data.draw(st.lists(st.sampled_from(declarations()), min_size=1, max_size=8))
    ours = [record_of(data, one) for one in drawn]
    foreign = data.draw(st.lists(FOREIGN, max_size=3))
    by_topic: dict[str, list[Record]] = {}
    for record in [*ours, *foreign]:
        by_topic.setdefault(record.topic, []).append(record)
    log = FakeLog({(topic, 0): laid(records) for topic, records in by_topic.items()})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export"
        manifest = await exported(log, path, form, everything(*by_topic), unit=5)
        assert read_back(path) == sorted(
            (record for records in log.records.values() for record in records),
            key=lambda record: (record.topic, record.partition, record.offset),
        )
        assert list(verify(ExportFolder(path))) == []
        assert manifest["rows"] == len(ours) + len(foreign)


@pytest.mark.parametrize("declaration", declarations(), ids=lambda one: one.key)
def test_personal_fields_stay_sealed(declaration: Declaration) -> None:
    """A row holds the bytes of the log, and nothing that was sealed in them."""
    record = encode(example.sample(declaration), example.metadata("one"), example.KEY, example.nonce)
    kind, row = sealed_row(record)
    assert kind.name == declaration.key
    for name, _ in declaration.personal:
        assert isinstance(row[name], bytes)
        assert row[name] in record.value


@pytest.mark.parametrize("form", FORMS)
def test_every_event_has_columns(form: str, tmp_path: Path) -> None:
    """A record of each declared event comes back byte for byte in each form."""
    for declaration in declarations():
        made = encode(example.example(declaration), example.metadata("one"), example.KEY, example.nonce)
        [record] = laid([made])
        kind, row = sealed_row(record)
        file = FORMATS[form].create(tmp_path / "file", kind)
        file.write([row])
        file.close()
        assert [record_of_row(kind, back) for back in FORMATS[form].read(tmp_path / "file", kind)] == [record]


@pytest.mark.parametrize("form", FORMS)
def test_opened_fields_are_what_was_said(form: str, tmp_path: Path) -> None:
    """With the key an opened row says what the event says; without it the field is null, and named as redacted."""
    for declaration in declarations():
        said = example.sample(declaration)
        record = laid([encode(said, example.metadata("one"), example.KEY, example.nonce)])[0]
        for keys, gone in ((key_of, []), (lambda _: None, [name for name, _ in declaration.personal])):
            kind, row = opened_row(record, keys)
            file = FORMATS[form].create(tmp_path / "file", kind)
            file.write([row])
            file.close()
            [back] = FORMATS[form].read(tmp_path / "file", kind)
            assert back == row
            assert back["_redacted"] == gone
            for name, avro in declaration.personal:
                assert back[name] == (None if gone else avro.to_avro(getattr(said, name)))


def test_a_row_names_its_leaf() -> None:
    """The hash is the one that the signed trees have of this record; where null and empty look alike there is none."""
    made: Any = declarations()[0]
    [record] = laid([encode(example.sample(made), example.metadata("one"), example.KEY, example.nonce)], first=41)
    on_the_log = LogRecord(record.topic, 0, 41, record.timestamp_ms or 0, record.key, record.headers, record.value)
    assert sealed_row(record)[1]["_leaf"] == leaf_hash(leaves.encode(on_the_log)).hex()
    assert sealed_row(replace(record, value=b""))[1]["_leaf"] is None
    foreign = replace(record, headers=(*record.headers, (b"\xff".decode(errors="replace"), b"1")))
    assert sealed_row(foreign)[1]["_leaf"] is None, "the name that was sealed is another one"


@given(FOREIGN)
def test_what_nobody_can_read_is_kept_whole(record: Record) -> None:
    """Foreign bytes and tombstones are rows, too, with the reason why they are not read."""
    kind, row = sealed_row(record)
    assert kind.name == RAW
    assert row["_value"] == record.value
    assert row["_error"]


def test_another_encoding_is_kept_whole() -> None:
    """Avro may be written in more than one way: what would not come back byte for byte is kept as it is."""
    made: Any = next(one for one in declarations() if one.name == "DocumentDeleted")
    record = encode(example.sample(made), example.metadata("one"), example.KEY, example.nonce)
    _, row = sealed_row(record)
    assert row["version"] == 1
    # An array as one block of one item with its size said before it, as Avro allows, instead of without.
    jobs = str(row["jobs"][0]).encode()
    plain = b"\x02" + bytes([len(jobs) * 2]) + jobs + b"\x00"
    sized = b"\x01" + bytes([(len(jobs) + 1) * 2]) + bytes([len(jobs) * 2]) + jobs + b"\x00"
    assert record.value.count(plain) == 1
    other = Record(record.topic, record.key, record.value.replace(plain, sized), record.headers)
    kind, row = sealed_row(other)
    assert kind.name == RAW
    assert row["_value"] == other.value
