"""The codec, over every declared event."""

import json
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from uuid import UUID

import avro.io
import avro.schema
import fastavro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.events import data_keys, events, metadata

from muniment.schemas import codec, example
from muniment.schemas.catalogue import declarations
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import MunimentError, StepFailure
from muniment.schemas.event import Declaration
from muniment.schemas.metadata import Metadata
from muniment.schemas.personal import REDACTED
from muniment.schemas.record import Record
from muniment.schemas.sealing import DataKey, key_id_of

GOLDEN = Path(codec.__file__).parent / "golden"
AVRO = Path(codec.__file__).parent / "avro"
OF_EACH = settings(max_examples=30)
"""There are over a hundred declarations, which share one codec: thousands of examples in all."""
EVERY = pytest.mark.parametrize("declared", declarations(), ids=lambda d: d.key)
SEALING = pytest.mark.parametrize("declared", [d for d in declarations() if d.personal], ids=lambda d: d.key)


def holding(*keys: DataKey) -> Callable[[UUID], DataKey | None]:
    """A look-up that knows these keys only."""
    return {k.key_id: k for k in keys}.get


UNREADABLE = (ErrorCode.UNDECODABLE, ErrorCode.UNKNOWN_EVENT)


def failure_of(record: Record) -> ErrorCode | None:
    """The code with which a record fails to decode; any other exception is let through."""
    try:
        codec.decode(record, holding(example.KEY))
    except MunimentError as error:
        return error.code
    return None


def golden_record(declared: Declaration) -> Record:
    """The committed record of a declaration's example."""
    stored = json.loads((GOLDEN / f"{declared.key}.json").read_text("utf-8"))
    headers = tuple((name, text.encode()) for name, text in stored["headers"].items())
    return Record(
        declared.topic.name, stored["headers"]["ce_subject"].encode(), bytes.fromhex(stored["value"]), headers
    )


@EVERY
@OF_EACH
@given(data=st.data())
def test_what_is_encoded_reads_back(declared: Declaration, data: st.DataObject) -> None:
    """Any event and envelope come back from the log as they were written."""
    event, meta = data.draw(events(declared)), data.draw(metadata)
    key = data.draw(data_keys)
    record = codec.encode(event, meta, key)
    back = codec.decode(record, holding(key))
    assert (back.event, back.meta) == (event, meta)
    assert (record.topic, record.key) == (declared.topic.name, event.key.encode())
    assert codec.key_id_in(record) == (key.key_id if declared.personal else None)


@EVERY
def test_golden_bytes_decode_to_the_example(declared: Declaration) -> None:
    """Bytes committed on the day an event was declared still mean what they meant (`make schemas` writes new ones)."""
    back = codec.decode(golden_record(declared), holding(example.KEY))
    assert back.event == example.example(declared)
    assert back.meta == example.metadata(declared.key)


@EVERY
def test_the_example_encodes_to_the_golden_bytes(declared: Declaration) -> None:
    """Today's encoder writes exactly the committed record, headers included."""
    record = codec.encode(example.example(declared), example.metadata(declared.key), example.KEY, example.nonce)
    assert record == golden_record(declared)


@EVERY
def test_any_avro_reader_can_read_a_record_without_keys(declared: Declaration) -> None:
    """Apache's own reader decodes the value with the committed schema; a personal field is opaque bytes to it."""
    schema = avro.schema.parse((AVRO / f"{declared.key}.avsc").read_text("utf-8"))
    value = golden_record(declared).value
    source = BytesIO(value[5:])
    row = avro.io.DatumReader(schema).read(avro.io.BinaryDecoder(source))
    assert isinstance(row, dict)
    assert source.read() == b""
    assert set(row) == {name for name, _ in (*declared.clear, *declared.personal)}
    for name, _ in declared.personal:
        assert key_id_of(row[name]) == example.KEY.key_id
    # fastavro reads the same from the same file: our hot path and everybody else's agree.
    parsed = fastavro.parse_schema(json.loads((AVRO / f"{declared.key}.avsc").read_text("utf-8")))
    other = fastavro.schemaless_reader(BytesIO(value[5:]), parsed, None)
    assert {n: row[n] for n, _ in declared.personal} == {n: other[n] for n, _ in declared.personal}


@SEALING
def test_nothing_personal_is_readable_on_the_log(declared: Declaration) -> None:
    """What a personal field says does not occur in the record's key, value or headers."""
    event = example.example(declared)
    raw = {n: b"a vector nobody may see" for n, t in declared.personal if t.schema == "bytes"}
    event = replace(event, **raw)
    record = codec.encode(event, example.metadata(declared.key), example.KEY)
    on_the_log = record.key + record.value + b"".join(v for _, v in record.headers)
    for name, avro_type in declared.personal:
        plain = BytesIO()
        fastavro.schemaless_writer(
            plain, fastavro.parse_schema(avro_type.schema), avro_type.to_avro(getattr(event, name))
        )
        # An optional value begins with the number of its branch, a text with its length: look for what follows.
        assert plain.getvalue()[2:] not in on_the_log


@SEALING
def test_a_destroyed_key_reads_as_redaction(declared: Declaration) -> None:
    """Without the key every personal field is `REDACTED` and every other field is as it was."""
    back = codec.decode(golden_record(declared), lambda _: None).event
    whole = example.example(declared)
    for name, _ in declared.personal:
        assert getattr(back, name) is REDACTED
    for name, _ in declared.clear:
        assert getattr(back, name) == getattr(whole, name)


@SEALING
def test_nothing_personal_is_encoded_without_a_key(declared: Declaration) -> None:
    """No key, or a redacted field, is `key_destroyed`: never a record in clear, never an empty one."""
    meta = example.metadata(declared.key)
    with pytest.raises(StepFailure) as no_key:
        codec.encode(example.example(declared), meta, None)
    with pytest.raises(StepFailure) as redacted:
        codec.encode(replace(example.example(declared), **{declared.personal[0][0]: REDACTED}), meta, example.KEY)
    assert {no_key.value.code, redacted.value.code} == {ErrorCode.KEY_DESTROYED}


@SEALING
def test_a_sealed_field_opens_only_where_it_was_sealed(declared: Declaration) -> None:
    """A ciphertext under another event id does not authenticate: it cannot be moved to another record."""
    record = golden_record(declared)
    moved = record.with_headers({"ce_id": str(UUID(int=1))})
    with pytest.raises(StepFailure) as error:
        codec.decode(moved, holding(example.KEY))
    assert error.value.code is ErrorCode.UNDECODABLE


@EVERY
@OF_EACH
@given(data=st.data())
def test_a_damaged_record_is_a_muniment_error_or_decodes(declared: Declaration, data: st.DataObject) -> None:
    """Whatever happens to the bytes, `decode` answers with an event or a `MunimentError`, and nothing else."""
    record = golden_record(declared)
    value = bytearray(record.value)
    for _ in range(data.draw(st.integers(1, 4))):
        value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(value)))
    assert failure_of(replace(record, value=bytes(value[:cut]))) in {None, *UNREADABLE}


@given(value=st.binary(max_size=200), frame=st.sampled_from(range(20)), framed=st.booleans(), data=st.data())
def test_foreign_bytes_are_a_muniment_error(value: bytes, frame: int, framed: bool, data: st.DataObject) -> None:
    """Arbitrary bytes, with and without our frame, never raise anything but a `MunimentError`."""
    headers = golden_record(declarations()[0]).headers
    other = data.draw(st.lists(st.tuples(st.sampled_from([k for k, _ in headers]), st.binary(max_size=40)), max_size=3))
    whole = b"\0" + frame.to_bytes(4, "big") + value if framed else value
    record = Record("t", b"k", whole, (*headers, *other))
    codec.key_id_in(record)
    assert failure_of(record) in {None, *UNREADABLE}


@EVERY
def test_bytes_after_the_event_are_not_ours(declared: Declaration) -> None:
    """A value that goes on after the event was written by somebody else, or damaged."""
    record = golden_record(declared)
    with pytest.raises(StepFailure) as error:
        codec.decode(replace(record, value=record.value + b"\0"), holding(example.KEY))
    assert error.value.code is ErrorCode.UNDECODABLE


def test_an_unknown_schema_id_is_named() -> None:
    """An id that is not in the lock file is `unknown_event`, with the id in the detail."""
    record = replace(golden_record(declarations()[0]), value=b"\0\0\0\x27\x0f")
    with pytest.raises(StepFailure, match="9999") as error:
        codec.decode(record, holding())
    assert error.value.code is ErrorCode.UNKNOWN_EVENT


def test_an_oversize_event_is_refused_before_it_is_sent(some_meta: Metadata) -> None:
    """What no topic takes is `record_too_large` at encoding."""
    declared = next(d for d in declarations() if d.name == "ChunksEmbedded")
    event = replace(example.example(declared), vectors=bytes(2 * 1024 * 1024))  # type: ignore[call-arg]
    with pytest.raises(StepFailure) as error:
        codec.encode(event, some_meta, example.KEY)
    assert error.value.code is ErrorCode.RECORD_TOO_LARGE


@pytest.fixture
def some_meta() -> Metadata:
    """An envelope."""
    return example.metadata("some")
