"""`make schemas`, the second half: lineage and AsyncAPI document, written from declarations and code."""

import json
import sys
from importlib.metadata import version
from pathlib import Path

from muniment.api.live_channel.described import with_live
from muniment.infra.catalogue.tracing import ROOT, as_json, traced
from muniment.schemas import asyncapi, lineage
from muniment.schemas.catalogue import declarations
from muniment.schemas.description import FieldDescription, describe

LINEAGE, DOCUMENT = ROOT / "schemas" / "lineage.json", ROOT / "docs" / "asyncapi.json"


def texts() -> dict[Path, str]:
    """The files as they have to be."""
    found = traced()
    document = with_live(asyncapi.document(found, version("muniment")))
    return {
        LINEAGE: json.dumps(as_json(found), indent=2) + "\n",
        DOCUMENT: json.dumps(document, indent=1, ensure_ascii=False) + "\n",
    }


def main() -> int:
    """Write them; exit 1, naming the fields, where a field has no meaning yet."""
    for path, text in texts().items():
        path.write_text(text, "utf-8")
    lineage.lineage.cache_clear()
    silent = meaningless()
    for name in silent:
        sys.stderr.write(f"{name} has no meaning: say it under `Attributes:` in the event's docstring\n")
    return 1 if silent else 0


def meaningless() -> list[str]:
    """Fields of which nothing says what they mean, as `Event.field`."""

    def silent(path: str, one: FieldDescription) -> list[str]:
        own = [] if one.meaning else [f"{path}.{one.name}"]
        return own + [name for inner in one.inside for name in silent(f"{path}.{one.name}", inner)]

    return [name for d in declarations() for one in describe(d) for name in silent(d.key, one)]


if __name__ == "__main__":
    sys.exit(main())
