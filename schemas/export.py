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
    return compatibility.of_change({one.key: one.schema for one in declarations()}, committed())


def main() -> int:
    """Write what is missing; exit 1, and write nothing, where a schema was edited or may not follow its elders."""
    found = faults()
    if found:
        sys.stderr.writelines(f"{why}\n" for why in found)
        return 1
    locked = json.loads(IDS.read_text("utf-8")) if IDS.exists() else {}
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


def _write(declaration: Declaration) -> list[Path]:
    texts = {
        AVRO / f"{declaration.key}.avsc": schema_text(declaration),
        GOLDEN / f"{declaration.key}.json": json.dumps(golden(declaration), indent=2) + "\n",
    }
    stale = []
    for path, text in texts.items():
        if not path.exists():
            path.write_text(text, "utf-8")
        elif path.read_text("utf-8") != text:
            stale.append(path)
    return stale


if __name__ == "__main__":
    sys.exit(main())
