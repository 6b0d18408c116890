"""One scrubbed section of a document: what extracting writes, one JSON line each, and chunking reads back."""

from dataclasses import dataclass
from functools import cached_property

import orjson

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.stream_apps.scrubbing.offsets import Edit, Offsets


@dataclass(frozen=True)
class ScrubbedSection:
    """At most 64 Ki characters of scrubbed text that share a page and a heading.

    `start` is where the section begins in the original extracted text; `edits` are in order, in positions of `text`.
    """

    text: str
    start: int
    page: int | None = None
    heading: str | None = None
    edits: tuple[Edit, ...] = ()

    @cached_property
    def _offsets(self) -> Offsets:
        return Offsets(self.edits)

    @property
    def end(self) -> int:
        """Where the section ends in the original extracted text."""
        return self.to_original(len(self.text), end=True)

    def to_original(self, position: int, *, end: bool = False) -> int:
        """Map a position of `text` to the original extracted text of the whole document."""
        return self.start + self._offsets.to_original(position, end=end)

    def to_json(self) -> bytes:
        """One line of JSON without the line end. Raises `TypeError` for text that is no Unicode (lone surrogates)."""
        return orjson.dumps(
            {
                "text": self.text,
                "start": self.start,
                "page": self.page,
                "heading": self.heading,
                "edits": [(edit.start, edit.length, edit.original_length) for edit in self.edits],
            }
        )

    @classmethod
    def from_json(cls, line: bytes | str) -> "ScrubbedSection":
        """Read what `to_json` wrote. Raises `StepFailure` (`undecodable`) for anything else."""
        try:
            value = orjson.loads(line)
            return cls(
                text=value["text"],
                start=value["start"],
                page=value["page"],
                heading=value["heading"],
                edits=tuple(Edit(*edit) for edit in value["edits"]),
            )
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise StepFailure(ErrorCode.UNDECODABLE, "a line of the sections blob is not a section") from error
