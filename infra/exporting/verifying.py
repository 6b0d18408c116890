"""Holds an export to its manifest: every file as it was written, every offset there or named as missing."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from muniment.infra.exporting.folder import ExportFolder, sha256
from muniment.infra.exporting.formats import Format, format_of
from muniment.infra.exporting.rows import Kind


def verify(folder: ExportFolder) -> Iterator[str]:
    """What is wrong with the export, a sentence each; nothing when it is as its manifest says.

    Raises:
        NotSetError: there is no manifest, or none of an export, or the form's library is not installed.

    """
    manifest = folder.manifest()
    try:
        yield from _verified(folder, manifest)
    except (LookupError, TypeError, AttributeError) as error:
        raise folder.foreign(f"{type(error).__name__}: {error}") from error


def _verified(folder: ExportFolder, manifest: Mapping[str, Any]) -> Iterator[str]:
    form = format_of(manifest["format"])
    listed = {one["path"]: one for one in manifest["files"]}
    there = set(folder.files())
    yield from (f"{path}: missing" for path in sorted(listed.keys() - there))
    yield from (f"{path}: not in the manifest" for path in sorted(there - listed.keys()))
    whole = []
    for path in sorted(listed.keys() & there):
        if sha256(folder.path / path) == listed[path]["sha256"]:
            whole.append(listed[path])
        else:
            yield f"{path}: not as it was written (SHA-256)"
    yield from _offsets(folder, manifest, form, whole)
    yield from _totals(manifest)


def kind_in(manifest: Mapping[str, Any], event: str) -> Kind:
    """What the manifest says of the rows of a kind of file: reading them needs nothing else."""
    told = manifest["schemas"][event]
    return Kind(event, told["avro"], told["schema_id"])


def _offsets(
    folder: ExportFolder, manifest: Mapping[str, Any], form: Format, files: list[Mapping[str, Any]]
) -> Iterator[str]:
    units: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for one in files:
        units[one["topic"], PurePosixPath(one["path"]).name].append(one)
    for (topic, _), of_unit in units.items():
        seen: set[int] = set()
        for one in of_unit:
            rows = 0
            for row in form.read(folder.path / one["path"], kind_in(manifest, one["event"])):
                rows += 1
                place = (row["_topic"], row["_partition"])
                inside = one["first_offset"] <= row["_offset"] <= one["last_offset"]
                if place != (topic, one["partition"]) or not inside:
                    yield f"{one['path']}: holds {place[0]}:{place[1]}:{row['_offset']}, which is not its own"
                if row["_offset"] in seen:
                    yield f"{topic}:{one['partition']}:{row['_offset']}: there twice"
                seen.add(row["_offset"])
            if rows != one["rows"]:
                yield f"{one['path']}: {rows} rows, and not {one['rows']}"


def _totals(manifest: Mapping[str, Any]) -> Iterator[str]:
    filtered = any(manifest["selection"][name] for name in ("document", "job", "tenant"))
    rows: dict[tuple[str, int], int] = defaultdict(int)
    for one in manifest["files"]:
        rows[one["topic"], one["partition"]] += one["rows"]
    claimed: dict[tuple[str, int], int] = defaultdict(int)
    for span in manifest["spans"]:
        name = f"{span['topic']}:{span['partition']}"
        claimed[span["topic"], span["partition"]] += span["rows"]
        missing = sum(gap["last"] - gap["first"] + 1 for gap in span["gaps"] if gap["first"] >= span["first"])
        if span["records"] + missing != span["end"] - span["first"]:
            yield f"{name}: {span['records']} records and {missing} missing do not fill its offsets"
        if not filtered and span["rows"] != span["records"]:
            yield f"{name}: {span['rows']} rows of {span['records']} records, though nothing was to be left out"
    for place in rows.keys() | claimed.keys():
        if rows[place] != claimed[place]:
            yield f"{place[0]}:{place[1]}: the files have {rows[place]} rows, the manifest counts {claimed[place]}"
    if sum(rows.values()) != manifest["rows"]:
        yield f"the files have {sum(rows.values())} rows, and not {manifest['rows']}"
