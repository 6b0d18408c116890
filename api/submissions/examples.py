"""Examples of submissions in the OpenAPI document: the page with which the story of the others begins."""

from typing import Any

TEXT = "Everyone has 25 days of leave a year. Days that are left can be taken until the end of March."
METADATA = {"project": "handbook"}
FORM: dict[str, Any] = {"file": "(bytes of leave.md)", "lane": "normal", "metadata": METADATA}
SINGLE_FORM: dict[str, Any] = {**FORM, "title": "Leave policy"}
TEXT_SUBMISSION: dict[str, Any] = {
    "text": f"# Leave\n\n{TEXT}",
    "title": "Leave policy",
    "file_name": "leave.md",
    "metadata": METADATA,
}
URL_SUBMISSION: dict[str, Any] = {
    "url": "https://example.org/leave.pdf",
    "title": "Leave policy",
    "metadata": METADATA,
}
