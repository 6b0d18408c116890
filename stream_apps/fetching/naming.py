"""What a fetched file is called: as its server says, else as its address ends. Pure."""

from email.message import Message
from urllib.parse import unquote

from muniment.schemas.file_names import clean_name
from muniment.schemas.web_address import WebAddress


def name_of(address: WebAddress, disposition: str | None) -> str:
    """The file name; `disposition` is the `Content-Disposition` header (RFC 6266), in either of its forms."""
    path = address.target.partition("?")[0]
    fallback = clean_name(unquote(path, errors="replace"), default=address.host)
    return clean_name(_said(disposition), default=fallback) if disposition else fallback


def _said(disposition: str) -> str:
    message = Message()
    try:
        message["Content-Disposition"] = disposition
        found = message.get_filename("")
    except (ValueError, LookupError):
        # A line break, or an encoding that nobody knows.
        return ""
    return str(found).encode("utf-8", "replace").decode()
