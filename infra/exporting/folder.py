"""The folder of an export: files appear whole, the manifest comes last, and what was interrupted goes on.

While it is made there is `.export/` in it: the plan, what each finished unit has written, and files that are not whole
yet. A folder with `manifest.json` and without `.export/` is a finished export.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from muniment.infra.not_set import NotSetError

MANIFEST = "manifest.json"
OPENED = "opened"
"""What the plan says of personal fields that are not sealed any more."""
_PIECE = 1024 * 1024


class ExportFolder:
    """See the module."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._work = path / ".export"
        self._plan = self._work / "plan.json"

    def begin(self, asked: Mapping[str, Any]) -> dict[str, Any] | None:
        """Take the folder for what was asked for; the plan of the same export when it was interrupted, else `None`.

        Raises:
            NotSetError: the folder holds something else.

        """
        if (self.path / MANIFEST).exists():
            raise NotSetError(f"{self.path} holds a finished export: name another folder")
        plan = self._begun()
        if plan is not None:
            if plan["asked"] != dict(asked):
                raise NotSetError(
                    f"{self.path} holds the beginnings of another export: finish that one, or name another folder"
                )
            return plan
        if self.path.exists() and any(self.path.iterdir()):
            raise NotSetError(f"{self.path} is not empty: name a new folder")
        return None

    def begun_as(self, asked: Mapping[str, Any]) -> str:
        """What the entries on the trail are about of the same export that was interrupted here; empty without one.

        Whoever goes on with it makes his under the same name: a finished export has one, and opened more than its end.
        """
        plan = self._begun()
        return str(plan.get("about", "")) if plan is not None and plan["asked"] == dict(asked) else ""

    def _begun(self) -> dict[str, Any] | None:
        if not self._plan.exists():
            return None
        plan: dict[str, Any] = json.loads(self._plan.read_text("utf-8"))
        return plan

    def planned(self, plan: Mapping[str, Any]) -> None:
        """Write the plan down: from here on, the same command goes on with it.

        Where personal fields are opened nobody else on the machine may look in: the files are documents in clear.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        if plan["asked"]["personal"] == OPENED:
            self.path.chmod(0o700)
        (self._work / "done").mkdir(parents=True, exist_ok=True)
        _write(self._plan, plan)

    def done(self, unit: str) -> dict[str, Any] | None:
        """What a unit has written; `None` while it is not finished."""
        place = self._work / "done" / f"{unit}.json"
        return json.loads(place.read_text("utf-8")) if place.exists() else None

    def draft(self, name: str) -> Path:
        """Where a file is written until it is whole."""
        place = self._work / "drafts" / name.replace("/", "__")
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def finish_unit(self, unit: str, told: Mapping[str, Any]) -> None:
        """Let the unit's files appear, each whole, then say that it is finished. A repeat writes the same names."""
        for one in told["files"]:
            target = self.path / one["path"]
            target.parent.mkdir(parents=True, exist_ok=True)
            draft = self.draft(one["path"])
            _sync(draft)
            draft.replace(target)
        _write(self._work / "done" / f"{unit}.json", told)

    def finish(self, manifest: Mapping[str, Any]) -> str:
        """Write the manifest, and nothing else remains to be done; its SHA-256, which names the whole export."""
        _write(self.path / MANIFEST, manifest)
        shutil.rmtree(self._work)
        return sha256(self.path / MANIFEST)

    def manifest(self) -> dict[str, Any]:
        """The manifest; `NotSetError` where there is none, or what cannot be one."""
        place = self.path / MANIFEST
        if not place.exists():
            begun = "was interrupted: give the same command again" if self._plan.exists() else "is no export"
            raise NotSetError(f"{self.path} has no {MANIFEST}: it {begun}")
        try:
            found = json.loads(place.read_text("utf-8"))
        except ValueError as error:
            raise self.foreign(str(error)) from None
        if not isinstance(found, dict):
            raise self.foreign("no JSON object")
        return found

    def foreign(self, why: str) -> NotSetError:
        """What is told of a manifest that is not as exports write theirs: another program's, or damaged."""
        return NotSetError(
            f"{self.path / MANIFEST} is not one that an export wrote, or not any more ({why})\n"
            f"an evidence bundle is verified by `muniment audit verify`"
        )

    def files(self) -> Iterator[str]:
        """Every file in it but the manifest, by its path below the folder."""
        for place in sorted(self.path.rglob("*")):
            if place.is_file() and place != self.path / MANIFEST:
                yield place.relative_to(self.path).as_posix()


def sha256(path: Path) -> str:
    """The hash of a file, in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while piece := source.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _write(path: Path, content: Mapping[str, Any]) -> None:
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")
    _sync(draft)
    draft.replace(path)


def _sync(path: Path) -> None:
    with path.open("rb") as written:
        os.fsync(written.fileno())
