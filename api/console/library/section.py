"""The pages of the Library."""

from muniment.api.console.library import document, documents, reading, searching, uploading
from muniment.api.console.library.texts import TEXTS
from muniment.api.console.page import Section

_PARTS = (documents, searching, document, reading, uploading)
LIBRARY = Section("library", "library", tuple(page for part in _PARTS for page in part.PAGES), TEXTS)
