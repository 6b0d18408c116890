"""What an ingest has come to, and what its exit code says of it."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

UNREADABLE = frozenset({"unreadable", "not there"})
LISTED = 1000
"""Most documents that are named one by one."""


@dataclass
class Tally:
    """Counts of one ingest."""

    found: int = 0
    submitted: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    chunks: int = 0
    retries: int = 0
    tokens: int = 0
    cost_micros: int = 0
    unfinished: int = 0
    first_indexed_s: float | None = None
    problems: list[dict[str, str]] = field(default_factory=list)

    @property
    def ended(self) -> int:
        """Documents of which the end is known."""
        return sum(self.outcomes.values()) + self.not_accepted

    @property
    def not_accepted(self) -> int:
        """Documents that never became a job."""
        return sum(self.failed.values()) - self.outcomes["failed"]

    def skip(self, path: str, reason: str) -> None:
        """A file that is not submitted."""
        self.skipped[reason] += 1
        if reason in UNREADABLE:
            self._name(path, "skipped", reason)

    def reject(self, path: str, code: str, detail: str) -> None:
        """A file that the API did not accept: refused when the document is at fault, failed otherwise."""
        if code in {"too_large", "empty_upload", "invalid_request"}:
            self.refused[code] += 1
            self.outcomes["refused"] += 1
            self._name(path, "refused", f"{code}: {detail}")
        else:
            self.failed[code] += 1
            self._name(path, "not accepted", f"{code}: {detail}")

    def end(self, path: str, job: dict[str, Any], seconds: float) -> None:
        """A job that has ended, `seconds` after the start."""
        outcome = job.get("outcome") or job["state"]
        outcome = "refused" if outcome in {"rejected", "cancelled"} else outcome
        self.outcomes[outcome] += 1
        self.chunks += job.get("chunks") or 0
        self.retries += job.get("attempts") or 0
        self.tokens += job.get("tokens") or 0
        self.cost_micros += job.get("cost_micros") or 0
        if outcome == "indexed" and self.first_indexed_s is None:
            self.first_indexed_s = seconds
        error = job.get("error") or {}
        if outcome in {"refused", "failed"}:
            reasons = self.refused if outcome == "refused" else self.failed
            reasons[error.get("code", "unknown")] += 1
            self._name(path, outcome, f"{error.get('code', 'unknown')}: {error.get('reason', '')}")

    def exit_code(self) -> int:
        """0: all is searchable; 3: some documents were refused or could not be read; 1: some failed or did not end."""
        if self.failed or self.unfinished:
            return 1
        unreadable = any(self.skipped[reason] for reason in UNREADABLE)
        return 3 if self.refused or unreadable else 0

    def as_dict(self, seconds: float) -> dict[str, Any]:
        """For `--json`."""
        return {
            "documents": self.found,
            "submitted": self.submitted,
            "indexed": self.outcomes["indexed"],
            "unchanged": self.outcomes["unchanged"],
            "refused": sum(self.refused.values()),
            "refused_by_reason": dict(self.refused.most_common()),
            "failed": sum(self.failed.values()),
            "failed_by_reason": dict(self.failed.most_common()),
            "unfinished": self.unfinished,
            "dead_letters": self.outcomes["failed"],
            "skipped_by_reason": dict(self.skipped.most_common()),
            "chunks": self.chunks,
            "retries": self.retries,
            "tokens": self.tokens,
            "cost_micros": self.cost_micros,
            "first_searchable_s": None if self.first_indexed_s is None else round(self.first_indexed_s, 2),
            "seconds": round(seconds, 2),
            "problems": self.problems,
        }

    def _name(self, path: str, what: str, why: str) -> None:
        if len(self.problems) < LISTED:
            self.problems.append({"path": path, "outcome": what, "why": why})
