"""Makes an evidence bundle: finds what was asked for on the log, gathers its proofs, signs and writes it."""

import zipfile
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from uuid import UUID

import asyncpg
from aiokafka.partitioner import DefaultPartitioner

from muniment.infra import bootstrap
from muniment.infra.not_set import required
from muniment.infra.settings import Settings
from muniment.producers.sealing.exporting import Exporting, Span, sizes_of
from muniment.producers.sealing.log_reader import LogReader, Place
from muniment.producers.sealing.proving import Proofs
from muniment.producers.signing import Signer
from muniment.schemas.proofs.bundle import MANIFEST, PURPOSE, SEAL, Asked, Part, contents, seal_as_json
from muniment.schemas.proofs.leaves import LogRecord
from muniment.schemas.schema_ids import names
from muniment.schemas.topics import COMMANDS_DOCUMENTS, COMMANDS_PROJECTS, SEALED, SEALED_FOR_EVER

_COMMANDS = (COMMANDS_DOCUMENTS, COMMANDS_PROJECTS)
"""Where jobs begin: those of documents, and those that write drafts."""
_FRAME = 5
"""A zero byte and the schema's id: how Confluent's framing begins."""


class NothingFound(Exception):
    """There is nothing sealed of what was asked for."""


async def bundle(
    settings: Settings, kind: str, what: str, now: datetime, *, kept: Iterable[str] = (), prefix: str = ""
) -> dict[str, bytes]:
    """All files of the bundle of a `document`, a `job` or a `range`; `prefix` stands before topics' names (tests).

    `kept` are checkpoints (notes) that whoever asks has kept: the bundle proves that its own grew out of them.

    Raises:
        NothingFound: There is no such thing, or nothing of it is sealed yet.
        NotSealed: The range is not sealed to its end, or one of `kept` is not of this log.
        ValueError: `what` is not an id, or no range; one of `kept` is no checkpoint.
        StepFailure: Broker or database are away.

    """
    sizes = sizes_of(kept)
    brokers = required(settings.kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP")
    signer = Signer(settings.signing_keys_file)
    async with (
        asyncpg.create_pool(bootstrap.database_url(settings), min_size=1, max_size=2) as pool,
        LogReader(brokers, prefix=prefix, client_id="muniment-evidence") as reader,
    ):
        exporting = Exporting(Proofs(pool), reader, kept=sizes, for_ever=SEALED_FOR_EVER)
        if kind == "range":
            parts = [await exporting.span(Span.parse(what))]
        elif kind == "document":
            key = str(UUID(what))
            parts = await exporting.matching(await places_of(reader, key), lambda one: one.key == key.encode())
        else:
            parts = await _of_job(exporting, reader, str(UUID(what)))
    if not parts:
        raise NothingFound(f"no sealed record is of {kind} {what}: what is new is sealed within some seconds")
    asked = Asked(kind, what, signer.installation, now)
    made = contents(asked, parts, signer.public_keys(), schemas_of(parts))
    made[SEAL] = seal_as_json(signer.sign(PURPOSE, made[MANIFEST]))
    return made


async def places_of(reader: LogReader, key: str) -> list[Place]:
    """The one partition of each sealed topic on which records of a key lie."""
    extents = await reader.extents([topic.name for topic in SEALED])
    numbers: dict[str, list[int]] = {}
    for topic, partition in extents:
        numbers.setdefault(topic, []).append(partition)
    # As every producer of ours chooses it.
    choose: Callable[[bytes, list[int], list[int]], int] = DefaultPartitioner()
    return [(topic, choose(key.encode(), sorted(found), sorted(found))) for topic, found in numbers.items()]


async def _of_job(exporting: Exporting, reader: LogReader, job: str) -> list[Part]:
    """A job is its command: that names the document or the project, on whose partitions all that came of it lies."""
    commands = sorted(await reader.extents([topic.name for topic in _COMMANDS]))
    asked = await exporting.matching(commands, lambda one: _header(one, "ce_id") == job)
    keys = {
        item.leaf.key for part in asked for item in part.items if isinstance(item.leaf, LogRecord) and item.leaf.key
    }
    out: list[Part] = []
    for key in sorted(keys):
        places = await places_of(reader, key.decode())
        out += await exporting.matching(
            places, lambda one: job in {_header(one, "correlation_id"), _header(one, "ce_id")}
        )
    return out


def _header(record: LogRecord, name: str) -> str:
    return next((value.decode("utf-8", "replace") for found, value in record.headers if found == name and value), "")


def schemas_of(parts: Iterable[Part]) -> Mapping[int, str]:
    """The Avro schemas that the records of a bundle are written with, by their ids."""
    values = (item.leaf.value for part in parts for item in part.items if isinstance(item.leaf, LogRecord))
    found = {int.from_bytes(value[1:_FRAME], "big") for value in values if value and value[:1] == b"\x00"}
    folder = files("muniment.schemas") / "avro"
    return {
        number: (folder / f"{names()[number]}.avsc").read_text("utf-8") for number in sorted(found & names().keys())
    }


def write(made: Mapping[str, bytes], out: Path) -> None:
    """Write a bundle into a new folder, or, when its name ends in `.zip`, a new file. Raises `FileExistsError`."""
    if out.suffix == ".zip":
        with zipfile.ZipFile(out, "x", zipfile.ZIP_DEFLATED) as archive:
            for name, content in made.items():
                archive.writestr(name, content)
        return
    out.mkdir(parents=True)
    for name, content in made.items():
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_bytes(content)
