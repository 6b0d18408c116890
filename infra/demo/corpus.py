"""The documents of the demo: written by others, found on the machine, copied into one folder.

Python's own documentation as this interpreter renders it, files in other formats from installed packages, and Korean
texts that Korean packages ship. Nothing here was written for the demo.
"""

import importlib
import pydoc
import shutil
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

MODULES = (  # noqa: SIM905 - a list of words reads best as words
    "abc argparse array base64 bisect bz2 calendar cmd colorsys copy csv dataclasses datetime dis email enum fileinput "
    "fnmatch fractions functools getopt getpass gettext glob graphlib gzip hashlib heapq hmac html itertools json "
    "keyword linecache locale lzma math mimetypes mmap numbers operator pickle platform plistlib pprint profile queue "
    "random re reprlib sched secrets select shelve shlex stat statistics string struct subprocess tempfile textwrap "
    "time timeit token tokenize trace types unicodedata uuid warnings wave xml.dom.minidom zipfile zlib zoneinfo"
).split()
"""Modules whose rendered documentation is neither tiny nor endless (`ast` alone would be a quarter of it all)."""

INSTALLED = (
    ("supervisor", "supervisor/ui/tail.html"),
    ("import-linter", "importlinter/ui/static/index.html"),
    ("numpy", "numpy/random/tests/data/philox-testset-1.csv"),
    ("fastapi", "{info}/METADATA"),
    ("pgvector", "{info}/METADATA"),
    ("aiokafka", "{info}/METADATA"),
    ("jsonschema-specifications", "jsonschema_specifications/schemas/draft7/metaschema.json"),
)
"""Files of packages that set-up installs: HTML, CSV, Markdown, JSON."""

SYSTEM = ("/usr/share/doc/shared-mime-info/shared-mime-info-spec.pdf", "/usr/share/doc/libtasn1-doc/libtasn1.pdf")
"""Taken in where the machine happens to have them."""

KOREAN = ("kiwipiepy/documentation.md", "g2pk/rules.txt", "holidayskr-0.2.0.dist-info/METADATA")
"""In the folder of Korean packages (`texts.txt`), which are unpacked and never imported."""


def gather(folder: Path, korean: Path) -> int:
    """Put all documents into a new `folder`; how many there are."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in MODULES:
        importlib.import_module(name)
        text = pydoc.plain(pydoc.render_doc(name))
        (folder / f"{name}.txt").write_text(text, "utf-8")
    for source, target in (*_installed(), *_system(), *_korean(korean)):
        shutil.copyfile(source, folder / target)
    return sum(1 for _ in folder.iterdir())


def _installed() -> Iterator[tuple[Path, str]]:
    for package, pattern in INSTALLED:
        found = distribution(package)
        info = next(str(f.parent) for f in found.files or () if f.name == "METADATA")
        source = Path(str(found.locate_file(pattern.format(info=info))))
        # A package's METADATA is its README: Markdown after a head.
        suffix = source.suffix or ".md"
        yield source, f"{package}-{source.stem.lower()}{suffix}"


def _system() -> Iterator[tuple[Path, str]]:
    for name in SYSTEM:
        if Path(name).exists():
            yield Path(name), Path(name).name


def _korean(folder: Path) -> Iterator[tuple[Path, str]]:
    for name in KOREAN:
        source = folder / name
        suffix = source.suffix or ".md"
        package = name.split("/", maxsplit=1)[0].split("-", maxsplit=1)[0]
        yield source, f"{package}-{source.stem.lower()}{suffix}"
