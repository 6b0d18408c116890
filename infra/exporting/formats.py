"""Files of rows in three forms: Parquet, Avro object containers, JSON lines. Written in pieces: memory is bounded."""

import importlib.util
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import fastavro
import orjson
from fastavro.write import Writer as AvroEncoder

from muniment.infra.exporting import values
from muniment.infra.exporting.rows import Kind
from muniment.infra.not_set import NotSetError

READ_ROWS = 500
"""Rows of a file that are in memory at once when it is read."""


class RowFile(Protocol):
    """A file that rows are written to."""

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows; none of them is held after this."""
        ...

    def close(self) -> None:
        """Finish the file."""
        ...


class _JsonLines:
    def __init__(self, path: Path, kind: Kind) -> None:
        self._out = path.open("wb")
        self._shaped = values.to_json(kind.schema)

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        self._out.writelines(orjson.dumps(self._shaped(row)) + b"\n" for row in rows)

    def close(self) -> None:
        self._out.close()


def _read_json(path: Path, kind: Kind) -> Iterator[dict[str, Any]]:
    read = values.from_json(kind.schema)
    with path.open("rb") as lines:
        for line in lines:
            yield read(orjson.loads(line))


class _Avro:
    """An object container file (Avro 1.11, "Object Container Files"), a block a piece."""

    def __init__(self, path: Path, kind: Kind) -> None:
        self._out = path.open("wb")
        # What is sealed does not compress: more effort would gain nothing.
        schema = fastavro.parse_schema(dict(kind.schema))
        self._encoder = AvroEncoder(self._out, schema, codec="deflate", compression_level=1)

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        for row in rows:
            self._encoder.write(dict(row))
        self._encoder.flush()

    def close(self) -> None:
        self._encoder.flush()
        self._out.close()


def _read_avro(path: Path, _: Kind) -> Iterator[dict[str, Any]]:
    with path.open("rb") as source:
        rows: Any = fastavro.reader(source)
        yield from rows


class _Parquet:
    """A row group a piece, compressed with zstd."""

    def __init__(self, path: Path, kind: Kind) -> None:
        import pyarrow as pa  # noqa: PLC0415
        from pyarrow import parquet  # noqa: PLC0415

        self._shaped = values.to_arrow(kind.schema)
        told = {"muniment.event": kind.name, "muniment.schema_id": str(kind.schema_id or "")}
        columns = [(field["name"], values.arrow_type(field["type"])) for field in kind.schema["fields"]]
        self._arrow = pa.schema(columns, metadata=told)
        self._table = pa.Table.from_pylist
        self._out = parquet.ParquetWriter(path, self._arrow, compression="zstd")

    def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        shaped = [self._shaped(row) for row in rows]
        self._out.write_table(self._table(shaped, schema=self._arrow))

    def close(self) -> None:
        self._out.close()


def _read_parquet(path: Path, kind: Kind) -> Iterator[dict[str, Any]]:
    from pyarrow import parquet  # noqa: PLC0415

    read = values.from_arrow(kind.schema)
    with parquet.ParquetFile(path) as source:
        for batch in source.iter_batches(batch_size=READ_ROWS):
            for row in batch.to_pylist():
                yield read(row)


@dataclass(frozen=True, slots=True)
class Format:
    """A form of files: how they end, how they are written and read."""

    name: str
    create: Callable[[Path, Kind], RowFile]
    read: Callable[[Path, Kind], Iterator[dict[str, Any]]]


FORMATS: Mapping[str, Format] = {
    "parquet": Format("parquet", _Parquet, _read_parquet),
    "avro": Format("avro", _Avro, _read_avro),
    "jsonl": Format("jsonl", _JsonLines, _read_json),
}


def format_of(name: str) -> Format:
    """The form of that name; `NotSetError`, with what to install, where its library is not there."""
    if name == "parquet" and importlib.util.find_spec("pyarrow") is None:
        raise NotSetError("Parquet needs pyarrow: install muniment[analytics], or take --format avro or jsonl")
    return FORMATS[name]
