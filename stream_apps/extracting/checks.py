"""Everything that is looked at before a document is parsed: size, malware, type, disguise, active content."""

from importlib import import_module
from pathlib import Path

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import Refused
from muniment.stream_apps.extracting.guarding import refusing_unreadable
from muniment.stream_apps.extracting.limits import Limits
from muniment.stream_apps.extracting.media_types import FORMATS, MediaType

_DIRECTORY_BYTES_AN_ENTRY = 512


def check(path: Path, *, limits: Limits | None = None, file_name_hint: str | None = None) -> MediaType:
    """Return the media type by content, or raise `Refused` with the code and a sentence for a person.

    `file_name_hint` may choose among kinds of text (Markdown, CSV, JSON), never between text and something else.
    Codes: EMPTY_DOCUMENT, TOO_LARGE, MALWARE, POLYGLOT, ARCHIVE_BOMB, TYPE_NOT_ALLOWED, ENCRYPTED_DOCUMENT,
    ACTIVE_CONTENT, UNREADABLE_DOCUMENT. Memory stays bounded whatever the file's size.
    """
    # Loaded here: the process that only starts the extraction needs neither libmagic nor PDFium.
    from muniment.stream_apps.extracting import detecting  # noqa: PLC0415
    from muniment.stream_apps.extracting.hazards import polyglot, signatures  # noqa: PLC0415

    bounds = limits or Limits()
    size = path.stat().st_size
    if size == 0:
        raise Refused(ErrorCode.EMPTY_DOCUMENT, "The file is empty.")
    if size > bounds.file_bytes_max:
        raise Refused(ErrorCode.TOO_LARGE, f"The file has {size:,} bytes; {bounds.file_bytes_max:,} are allowed.")
    signatures.refuse_malware(signatures.file_pieces(path))
    polyglot.refuse_polyglot(path, directory_bytes_max=bounds.archive_entries_max * _DIRECTORY_BYTES_AN_ENTRY)
    media_type = detecting.detect(path, file_name_hint)
    if bounds.media_types is not None and media_type not in bounds.media_types:
        raise Refused(ErrorCode.TYPE_NOT_ALLOWED, f"Documents of type {media_type} are not accepted here.")
    known = FORMATS[media_type]
    if known.inspector is not None:
        with refusing_unreadable(known.name):
            import_module(f"{__package__}.hazards.{known.inspector}").inspect(path, bounds)
    return media_type
