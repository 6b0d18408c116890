"""How much of a document is looked at before it is refused."""

from dataclasses import dataclass

from muniment.stream_apps.extracting.media_types import MediaType

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes unless the name says otherwise; `media_types` narrows the allow-list (None: all that are read)."""

    file_bytes_max: int = 256 * _MIB
    characters_max: int = 256 * _MIB
    archive_bytes_max: int = 512 * _MIB
    archive_entry_bytes_max: int = 64 * _MIB
    archive_entries_max: int = 10_000
    archive_ratio_max: int = 100
    archive_ratio_from_bytes: int = 10 * _MIB
    """The ratio only counts from this size on: small repetitive XML packs very well and harms nobody."""
    archive_depth_max: int = 2
    media_types: frozenset[MediaType] | None = None
