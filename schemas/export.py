"""`make schemas`: writes the files that follow from the registry, and never changes one that is there.

For each declared version: the Avro schema (`avro/`), a schema id (`schema_ids.json`), the golden bytes (`golden/`).
"""

import json
import sys
from pathlib import Path
from typing import Any

from muniment.schemas import codec, compatibility, example, schema_ids
from muniment.schemas.catalogue import declarations
from muniment.schemas.event import Declaration

HERE = Path(__file__).parent
AVRO, GOLDEN, IDS = HERE / "avro", HERE / "golden", HERE / "schema_ids.json"


def schema_text(declaration: Declaration) -> str:
    """The `.avsc` of a declaration."""
    return json.dumps(declaration.schema, indent=2, ensure_ascii=False) + "\n"


def golden(declaration: Declaration) -> dict[str, Any]:
    """The record of the declaration's example, as hex and text."""
    meta = example.metadata(declaration.key)
    record = codec.encode(example.example(declaration), meta, example.KEY, example.nonce)
    return {"value": record.value.hex(), "headers": {k: v.decode() for k, v in record.headers}}


def committed() -> dict[str, Any]:
    """Every schema ever committed, by `Name.vN`."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(AVRO.glob("*.avsc"))}


def faults() -> list[str]:
    """What is wrong with the declarations beside what is committed, a sentence each; empty when nothing is."""
    return compatibility.of_change({one.key: one.schema for one in declarations()}, committed()) + gone()


def gone() -> list[str]:
    """Files that were written once and are not there, a sentence each.

    An id stands for what its files say: written anew from a declaration that changed meanwhile, they would say it too,
    and nothing would be left to show that the log says otherwise.
    """
    locked = _locked()
    missing = [(one.key, path) for one in declarations() for path in _files(one) if not path.exists()]
    return [
        f"{path.name} is gone, and {key} has an id, so it was written before: `git checkout HEAD -- "
        f"{HERE.name}/{path.parent.name}/{path.name}` brings it back (if it was never committed: take {key} out of "
        f"{IDS.name} first)"
        for key, path in missing
        if key in locked
    ]


def main() -> int:
    """Write what is missing for new declarations.

    Exit 1, and write nothing, where a schema was edited, is gone, or may not follow its elders.
    """
    found = faults()
    if found:
        sys.stderr.writelines(f"{why}\n" for why in found)
        return 1
    locked = _locked()
    for declaration in declarations():
        locked.setdefault(declaration.key, max(locked.values(), default=0) + 1)
    IDS.write_text(json.dumps(locked, indent=2) + "\n", "utf-8")
    schema_ids.ids.cache_clear()
    schema_ids.names.cache_clear()
    AVRO.mkdir(exist_ok=True)
    GOLDEN.mkdir(exist_ok=True)
    stale = [path for d in declarations() for path in _write(d)]
    for path in stale:
        sys.stderr.write(f"{path.name} differs from its declaration: declare a new version and an upcaster instead\n")
    return 1 if stale else 0


def _locked() -> dict[str, int]:
    found: dict[str, int] = json.loads(IDS.read_text("utf-8")) if IDS.exists() else {}
    return found


def _files(declaration: Declaration) -> tuple[Path, Path]:
    return AVRO / f"{declaration.key}.avsc", GOLDEN / f"{declaration.key}.json"


def _write(declaration: Declaration) -> list[Path]:
    texts = (schema_text(declaration), json.dumps(golden(declaration), indent=2) + "\n")
    stale = []
    for path, text in zip(_files(declaration), texts, strict=True):
        if not path.exists():
            path.write_text(text, "utf-8")
        elif path.read_text("utf-8") != text:
            stale.append(path)
    return stale


if __name__ == "__main__":
    sys.exit(main())
