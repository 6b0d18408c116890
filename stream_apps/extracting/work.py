"""What extracting does in a child process: check, extract, scrub, write; one section in memory at a time."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from muniment.stream_apps.extracting.checks import check
from muniment.stream_apps.extracting.extract import extract
from muniment.stream_apps.extracting.limits import Limits
from muniment.stream_apps.progress import ProgressFile
from muniment.stream_apps.scrubbing.kinds import Kind
from muniment.stream_apps.scrubbing.scrub import scrub
from muniment.stream_apps.scrubbing.section import ScrubbedSection


@dataclass(frozen=True, slots=True)
class Work:
    """One document to extract: from `source`, into `target`, telling `progress`."""

    source: Path
    target: Path
    progress: Path
    file_name: str
    limits: Limits
    kinds: frozenset[Kind]


@dataclass(frozen=True, slots=True)
class Extracted:
    """What became of it; `findings` counts by kind what was scrubbed."""

    media_type: str
    title: str | None
    characters: int
    pages: int | None
    findings: Mapping[str, int]


def work(task: Work) -> Extracted:
    """Write the scrubbed sections of a document, one JSON line each; raises `Refused` where it is at fault."""
    media_type = check(task.source, limits=task.limits, file_name_hint=task.file_name)
    extraction = extract(task.source, media_type, on_progress=ProgressFile(task.progress), limits=task.limits)
    findings: Counter[str] = Counter()
    with task.target.open("wb") as out:
        for section in extraction:
            scrubbed = scrub(section.text, task.kinds)
            findings.update(scrubbed.found)
            heading = scrub(section.heading, task.kinds).text if section.heading else section.heading
            line = ScrubbedSection(scrubbed.text, section.start, section.page, heading, scrubbed.edits)
            out.write(line.to_json() + b"\n")
    summary = extraction.summary
    title = scrub(summary.title, task.kinds).text if summary.title else None
    return Extracted(media_type, title, summary.characters, summary.pages, dict(findings))
